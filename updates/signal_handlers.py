""""""
def connect(): pass
