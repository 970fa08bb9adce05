"""Tools that call a service over HTTP, described by a workspace and not in code.

template     ─ `{argument}` and `{{secret:name}}` in a text
definition   ─ what a tool is made of, and what is wrong with it
request      ─ arguments and secrets put in: what is sent
answer       ─ what came back, as the model is told of it
tool         ─ the tool; attached: the workspace's tools by name
"""

from opsloom_server.tools.http.attached import HttpTools
from opsloom_server.tools.http.definition import Definition
from opsloom_server.tools.http.tool import HttpTool

__all__ = ["Definition", "HttpTool", "HttpTools"]
