import type { EventRecordClass } from '@sonde/trace-model';
import { bodyScopes, scopeFieldClass } from '@sonde/trace-model';
import { generateProjection } from './compile-projection.ts';
import { generateIndex, generateMember } from './compile-view.ts';
import { staticLengthBits } from './compile-walk.ts';
import type { FieldDemand } from './contract.ts';
import { bodyPosition, bodyScopesOf, generateBody } from './generated/body-code.ts';
import { quoted } from './generated/code-buffer.ts';
import { silentSink } from './generated/field-walker.ts';

/** Which functions are generated for an event record class. */
export type DecoderPart = 'length' | 'projection' | 'view';

export interface ExplainOptions {
  /** Default: all. */
  readonly parts?: readonly DecoderPart[];
  /** What is projected. Default: all members of the contexts and the payload. */
  readonly demands?: readonly FieldDemand[];
}

/**
 * The code that is generated for records of the class, for people: with the names of fields as comments, which the code itself does
 * not have. `B`: bytes of the packet, `D`: their view, `K`: keys, `p`: position (bytes), `b`: position (bits), `E`: end of the content
 * (bits), `e`: the same in whole bytes.
 */
export function explainDecoder(
  eventRecordClass: EventRecordClass,
  options: ExplainOptions = {},
): string {
  const { parts = ['length', 'projection', 'view'] } = options;
  const name = quoted(eventRecordClass.name ?? '');
  const texts = [`// Event record class ${name}, ID ${eventRecordClass.id}`];
  for (const part of parts) {
    if (part === 'length') texts.push(explainLength(eventRecordClass));
    else if (part === 'projection')
      texts.push(explainProjection(eventRecordClass, options.demands));
    else texts.push(explainView(eventRecordClass));
  }
  return `${texts.join('\n\n')}\n`;
}

function explainLength(eventRecordClass: EventRecordClass): string {
  const lengthBits = staticLengthBits(eventRecordClass);
  if (lengthBits !== undefined) return `// Length: always ${lengthBits} bits.`;
  const { buffer } = generateBody(eventRecordClass, silentSink, bodyPosition(eventRecordClass));
  return `// Length: returns the end of the record (bits).\n${buffer.explain('cursor')}`;
}

function explainProjection(
  eventRecordClass: EventRecordClass,
  demands: readonly FieldDemand[] = allFieldsOf(eventRecordClass),
): string {
  const { buffer } = generateProjection(eventRecordClass, demands);
  return `// Projection: stores fields in a record and returns its end (bits).\n${buffer.explain('cursor')}`;
}

/** Demands for each member of contexts and payload. */
export function allFieldsOf(eventRecordClass: EventRecordClass): FieldDemand[] {
  return bodyScopes.flatMap((scope) => {
    const members = scopeFieldClass(eventRecordClass, scope)?.members ?? [];
    return members.map(({ name }) => ({ scope, path: [name] }));
  });
}

function explainView(eventRecordClass: EventRecordClass): string {
  const { buffer, places } = generateIndex(eventRecordClass);
  const texts = [
    `// View: finds where fields begin and returns the end of the record (bits).\n${buffer.explain('cursor')}`,
  ];
  for (const { fieldClass: root } of bodyScopesOf(eventRecordClass)) {
    for (const { name, fieldClass } of root.members) {
      const place = places.get(fieldClass)!;
      const member = generateMember(fieldClass, place.known);
      const code = member.buffer.explain('cursor, offsetBits');
      texts.push(`// View: getter of ${quoted(name)}\n${code}`);
    }
  }
  return texts.join('\n\n');
}
