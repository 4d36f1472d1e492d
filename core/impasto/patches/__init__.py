"""The patch engine: pictures laid anew from patches of others. Its door is `session`; behind it are four ideas.

Fields say which pixel of a source each pixel shows, over all of a torus, over holes, or over a grid of patches
(`field`). Features say how a patch looks: principal components of maps (`features`, `lines`), of windows (`appearance`,
Lefebvre & Hoppe 2006), or of turned patches of a style (`library`). Candidates are what a pixel might show instead:
what continues its neighbours (coherence, Ashikhmin 2001), what looks alike, random places (`candidates`), or what an
FFT finds in the whole source (`spectra`); `correction` takes the best, and `alignment` moves whole pieces. Votes make
one picture of patches that overlap (`votes`). Large pieces are quilted instead, and cut where they agree (`quilting`,
`cuts`, Efros & Freeman 2001), and their seams hidden in the gradient domain (`seams`, Pérez et al. 2003).
"""
