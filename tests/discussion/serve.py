"""A server process for the tests: python serve.py COURSE FOLDER PORT [SECONDS that a claim on a letter lasts]."""

import sys
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from seelearn.discussion import outbox
from seelearn.discussion.app import Discussion
from seelearn.engine.catalogue import Catalogue
from seelearn.site.security import Security

if __name__ == "__main__":
    if len(sys.argv) > 4:
        outbox.CLAIM = int(sys.argv[4])
    discussion = Discussion(Catalogue(Path(sys.argv[1])), Path(sys.argv[2]))
    app = FastAPI()
    app.add_middleware(Security, guests=discussion.guests)
    discussion.join(app)
    uvicorn.run(app, port=int(sys.argv[3]), log_level="warning")
