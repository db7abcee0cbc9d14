import time
from contextlib import contextmanager

from bench.figures import Figure


@contextmanager
def stand(place):
    yield {"ours": lambda: time.sleep(60)}


FIGURE = Figure(name="sleeping", about="It never ends", stand=stand, bounds=())
