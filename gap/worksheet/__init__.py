"""The assessment as people fill it in elsewhere: rows out to a workbook or CSV, edits back in.

``fields`` names the columns, ``selection`` chooses the rows, ``safety`` judges a file before it is
opened, ``xlsx`` and ``csvtable`` read it, ``values`` and ``edits`` check what it says, ``plan``
holds it against the ground, ``apply`` writes what follows.
"""
