"""`python -m seelearn`, the same as `seelearn`."""

from seelearn.cli import main

raise SystemExit(main())
