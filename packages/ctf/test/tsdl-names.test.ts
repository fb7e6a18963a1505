import { parseTsdl, writeTsdl } from '@sonde/ctf';
import { expect, test } from 'vitest';

const trace = 'trace { major = 1; minor = 8; byte_order = le; };\n';

function eventOf(text: string) {
  const traceClass = parseTsdl(`${trace}${text}`);
  return [...traceClass.dataStreamClasses.get(0n)!.eventRecordClasses.values()][0]!;
}

test('letters beyond ASCII in identifiers stay as they are written', () => {
  const text =
    'event { name = e; fields := struct { integer { size = 8; } \\u00e9a\\U0001F600b; }; };';
  const { payload, dataStreamClass } = eventOf(text);
  expect(payload?.members.map(({ name }) => name)).toEqual(['\\u00e9a\\U0001F600b']);
  expect(writeTsdl(dataStreamClass.traceClass)).toContain(' \\u00e9a\\U0001F600b;');
});

test.each(['\\u00e', '\\x41', '\\'])('%s is not one of them', (wrong) => {
  const text = `event { name = e; fields := struct { integer { size = 8; } a${wrong}; }; };`;
  expect(() => eventOf(text)).toThrow(/Expecting/);
});

test('an empty event name is none', () => {
  expect(eventOf('event { name = ""; };').name).toBeUndefined();
});
