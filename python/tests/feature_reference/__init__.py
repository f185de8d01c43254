"""A second, slow statement of the feature catalogue, for tests alone.

Written from the text of the feature specification and from nothing else: it imports no code of
ours, reads no row of ours, and was not written from the engine. Where it and the engine agree, two
readers of the same text agree; where they differ, one of them misread it, or the text is unclear.

It covers unbroken streams: no gaps, no phases but the continuous one. Both readers refuse others.
"""
