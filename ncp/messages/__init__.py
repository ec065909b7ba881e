"""The eight messages of the exchange, built and read: ITI-55, ITI-38, ITI-39 and ITI-41.

Every ``read_*`` function is tolerant of what public stacks send, and tells beside the value
(``findings``) where the message departs from its profile. What cannot be understood at all raises
``SoapFault``; what is understood and must be refused raises ``Refusal``.
"""
