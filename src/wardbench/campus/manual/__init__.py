"""Reference pages of the manual that are written from the code they are about, and so cannot say anything else.

`python -m wardbench.campus.manual docs` writes them into a folder of documentation; Django has to be set up to import
`forms` and `rights`.
"""
