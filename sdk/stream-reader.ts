/** What comes in a stream of a gateway, beside what clients of the OpenAI API see of it. */
export type StreamHooks = {
  /** A voucher is asked for that says so much. The stream fails as this does. */
  onDue(drawn: number): Promise<void>;
  onText(text: string): void;
  onEnd(): void;
};

type Event = {
  readonly choices?: readonly { readonly text?: string; readonly delta?: { readonly content?: string | null } }[];
};

/** The same stream; `hooks` hear of what passes. */
export function overhear(
  body: ReadableStream<Uint8Array>,
  { onDue, onText, onEnd }: StreamHooks,
): ReadableStream<Uint8Array> {
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let rest = '';
  const read = (event: string, fail: (error: unknown) => void) => {
    const due = /^: voucher (\d{1,15})$/.exec(event)?.[1];
    if (due !== undefined) onDue(Number(due)).catch(fail);
    if (event.startsWith('data: {')) onText(textOf(event.slice(6)));
  };
  return new ReadableStream({
    async pull(controller) {
      const fail = (error: unknown) => {
        onEnd();
        controller.error(error);
        reader.cancel(error).catch(() => undefined);
      };
      try {
        const { done, value } = await reader.read();
        if (done) {
          onEnd();
          return controller.close();
        }
        const events = (rest + decoder.decode(value, { stream: true })).split('\n\n');
        rest = events.pop()!;
        for (const event of events) read(event, fail);
        controller.enqueue(value);
      } catch (error) {
        fail(error);
      }
    },
    async cancel(reason) {
      onEnd();
      await reader.cancel(reason);
    },
  });
}

function textOf(data: string): string {
  try {
    const { choices = [] } = JSON.parse(data) as Event;
    return choices.map(({ text, delta }) => text ?? delta?.content ?? '').join('');
  } catch {
    return '';
  }
}
