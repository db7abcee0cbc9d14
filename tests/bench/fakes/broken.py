from bench.figures import Figure


def stand(place):
    raise RuntimeError("the shelf fell down")


FIGURE: Figure = Figure(name="broken", about="It cannot stand", stand=stand, bounds=())
