"""Regular patterns, and synthesis of pictures from patches of others, which begins with `session.Session`.

`detection`, `rows`, `correlation`, `overlaps` and `lattice` find rows, lattices and bonds of bricks, tiles and weaves;
`phases` preserves them in results. Coordinate fields (`field`, `canvas`) say which pixel of a source each pixel shows,
on a torus, on the charts of an atlas or in holes; `features` describe how patches look. First layouts are quilts of
large pieces (`quilting`, Efros & Freeman 2001) or squares shifted into holes (`offsets`, He & Sun 2012); `correction`
then takes the best of a few candidates. Cuts run where pieces agree (`cuts`), and `seams` hides them in the gradient
domain. Patches of a painting, rotated and mirrored (`library`), vote on a picture (`votes`).
"""
