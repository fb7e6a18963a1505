import { UsageError } from '@sonde/base';
import { describe, expect, test } from 'vitest';
import { counterSink } from '../src/sink-counter.ts';
import { dummySink } from '../src/sink-dummy.ts';
import { runMessages } from './run-messages.ts';
import { messagesOf, textStream } from './text-messages.ts';

const messages = messagesOf(textStream({}), [{}, {}, {}]);

describe('sink.utils.counter', () => {
  test('counts at the end', async () => {
    expect((await runMessages(messages, counterSink, { step: 0n })).text).toBe(
      [
        '              3 Event messages',
        '              1 Stream beginning message',
        '              1 Stream end message',
        '              1 Packet beginning message',
        '              1 Packet end message',
        '              0 Discarded event messages',
        '              0 Discarded packet messages',
        '              0 Message iterator inactivity messages',
        '              7 messages (TOTAL)',
        '',
      ].join('\n'),
    );
  });

  test('every `step` messages, without what did not come', async () => {
    const { text } = await runMessages(messages, counterSink, { step: 2n, 'hide-zero': true });
    const blocks = text.split('\n\n').map((block) => block.trim().split('\n').at(-1));
    expect(blocks[0]).toBe('              2 messages (TOTAL)');
    expect(blocks.at(-1)).toBe('              7 messages (TOTAL)');
    expect(text).not.toContain(' 0 ');
  });

  test('no messages at all', async () => {
    const { text } = await runMessages([], counterSink, { 'hide-zero': true });
    expect(text).toBe('              0 messages (TOTAL)\n');
  });

  test.each([{ step: -1n }, { step: 'x' }, { other: true }])(
    'bad parameters: %o',
    async (parameters) => {
      const { error } = await runMessages([], counterSink, parameters);
      expect(error).toBeInstanceOf(UsageError);
    },
  );
});

test('sink.utils.dummy prints nothing', async () => {
  expect(await runMessages(messages, dummySink)).toEqual({
    text: '',
    warnings: [],
    error: undefined,
  });
});
