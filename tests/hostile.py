"""Texts that would do harm if they were ever taken for anything but text."""

HOSTILE = (
    "<script data-evil>alert(1)</script>",
    '"><img data-evil src=x onerror=alert(2)>',
    "'><svg data-evil onload=alert(3)>",
    "javascript:alert(4)",
    "{{ 7*7 }}{% for x in () %}",
    "</textarea></title></style><script data-evil>alert(5)</script>",
    "<iframe data-evil srcdoc='<script>parent.alert(6)</script>'></iframe>",
    '" autofocus onfocus=alert(7) data-evil x="',
    "<a data-evil href='javascript:alert(8)'>x</a>",
    "<!--><script data-evil>alert(9)</script>-->",
    "&lt;script&gt;alert(10)&lt;/script&gt;",
    "</script><script data-evil>alert(11)</script>",
    '=HYPERLINK("http://evil.test","x")',
    "<style data-evil>*{display:none}</style>",
    "<base data-evil href='http://evil.test/'>",
    "<form data-evil action='http://evil.test'><button>x",
)
