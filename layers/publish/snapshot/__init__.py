"""The snapshot: a layer's public rows as columns of numbers, for the map in the browser and for counting in the server.

`packing` writes and reads the file, `counting` answers filters from it, `store` reads it from the database and keeps it,
`views` hands it out. docs/decisions/20261126-snapshot.md tells why, docs/architecture.md shows the format.
"""
