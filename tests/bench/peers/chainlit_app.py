"""Chainlit with OpenAI's client, as its documentation streams: `chainlit run chainlit_app.py`."""

import chainlit as cl  # type: ignore[import-not-found]  # it has an environment of its own
from openai import AsyncOpenAI

client = AsyncOpenAI()  # OPENAI_BASE_URL and OPENAI_API_KEY are in its environment


@cl.on_chat_start  # type: ignore[untyped-decorator]
def on_chat_start() -> None:
    """A conversation begins: the model is told all of it each time."""
    cl.user_session.set("message_history", [{"role": "system", "content": "Answer."}])


@cl.on_message  # type: ignore[untyped-decorator]
async def on_message(message: cl.Message) -> None:
    """Stream the answer to one question."""
    history = cl.user_session.get("message_history")
    history.append({"role": "user", "content": message.content})
    answer = cl.Message(content="")
    stream = await client.chat.completions.create(model="scripted", messages=history, stream=True)
    async for part in stream:
        if part.choices and (token := part.choices[0].delta.content):
            await answer.stream_token(token)
    history.append({"role": "assistant", "content": answer.content})
    await answer.update()
