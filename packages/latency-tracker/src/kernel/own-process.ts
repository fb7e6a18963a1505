/** What this process itself does is left out, unless it is asked for: reading alerts would make more of them. */
import { readlinkSync } from 'node:fs';
import { taskField } from '../by-label.ts';
import type { Point, Tracker } from '../declaration.ts';
import type { Expression } from '../expression.ts';
import type { EventAccess } from './event-access.ts';

/** The first pid namespace, whose numbers are those of the kernel. */
const firstNamespace = 'pid:[4026531836]';

/** The number of this process as programs see it; undefined in a container, which has numbers of its own. */
export function ownTgid(): number | undefined {
  try {
    return readlinkSync('/proc/self/ns/pid') === firstNamespace ? process.pid : undefined;
  } catch {
    return undefined;
  }
}

/** The process of the operation's thread, at a point of a tracker of threads; undefined: the point does not tell. */
export const processOf = (
  { per }: Tracker,
  { key }: Point,
  access: EventAccess,
): Expression | undefined => processOfKey(key, per, access);

/** @param per - `task`: the key is a thread where it is the field of an event that says so. */
export function processOfKey(
  key: readonly Expression[],
  per: 'task' | undefined,
  access: EventAccess,
): Expression | undefined {
  const isCurrent = key.some(
    (part) => part.type === 'builtin' && (part.name === 'tid' || part.name === 'tgid'),
  );
  if (isCurrent) return { type: 'builtin', name: 'tgid' };
  if (per !== 'task') return undefined;
  const field = taskField(key[0], 'tgid');
  if (field?.type !== 'field') return undefined;
  try {
    access.field(field.path);
    return field;
  } catch {
    return undefined;
  }
}
