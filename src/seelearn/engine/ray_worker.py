"""The process that passes jobs on to a Ray cluster: `python -m seelearn.engine.ray_worker ADDRESS`.

To who starts it, it is a worker like any other. It is a process of its own because Ray ends the process that it is
connected to when the cluster dies, and a server must live on; and ending it ends what it has in the cluster.
"""

import sys
from functools import partial

from seelearn.engine.on_ray import connect, pass_on
from seelearn.engine.worker import Work, attend
from seelearn.errors import UserError


def main() -> None:
    """Connect, then pass on the jobs that arrive."""

    def load() -> Work:
        if sys.argv[1] == "local":  # one for each worker, and each for one run
            raise UserError("no cluster is called 'local' here: `ray start --head` starts one, then give --ray auto")
        return partial(pass_on, connect(sys.argv[1], "`ray start --head` starts one"))

    attend(load)


if __name__ == "__main__":
    main()
