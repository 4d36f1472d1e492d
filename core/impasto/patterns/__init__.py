"""Regular patterns and pictures laid anew from patches of others, whose door is `session.Session`.

Rows, lattices and bonds of bricks, tiles and weaves are found (`detection`, `rows`, `correlation`, `lattice`), and kept
by what is laid (`phases`). Fields say which pixel of a source each pixel shows, over a torus, the charts of an atlas or
holes (`field`, `canvas`); `features` say how a patch looks; `correction` takes the best of a few candidates, after
large pieces were quilted (`quilting`, Efros & Freeman 2001) or squares shifted into holes (`offsets`, He & Sun 2012).
Cuts run where pieces agree (`cuts`) and are hidden in the gradient domain (`seams`). Patches of a painting, turned and
mirrored (`library`), vote on a picture (`votes`).
"""
