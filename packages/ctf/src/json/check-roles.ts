import type { FieldClass, Role, Scope, StructureFieldClass } from '@sonde/trace-model';
import { visitFieldClasses } from '../field-class-tree.ts';
import type { FieldClassFactory } from './field-class-factory.ts';

/** CTF2-SPEC-2.0, "Roles": where each one may be. */
const rolesOfScope: { readonly [S in Scope]?: readonly Role[] } = {
  'packet-header': [
    'packet-magic-number',
    'metadata-stream-uuid',
    'data-stream-class-id',
    'data-stream-id',
  ],
  'packet-context': [
    'packet-total-length',
    'packet-content-length',
    'packet-end-default-clock-timestamp',
    'discarded-event-record-counter-snapshot',
    'packet-sequence-number',
    'default-clock-timestamp',
  ],
  'event-record-header': ['default-clock-timestamp', 'event-record-class-id'],
};

const clockRoles: readonly Role[] = [
  'default-clock-timestamp',
  'packet-end-default-clock-timestamp',
];

export interface RoleContext {
  readonly factory: FieldClassFactory;
  readonly isLenient: boolean;
  readonly hasMetadataUuid: boolean;
  readonly hasDefaultClock: boolean;
}

/** The roles that fields of a scope may have at all. */
export function possibleRoles(
  scope: Scope,
  { hasMetadataUuid, hasDefaultClock }: Omit<RoleContext, 'factory' | 'isLenient'>,
): readonly Role[] {
  return (rolesOfScope[scope] ?? []).filter(
    (role) =>
      (hasDefaultClock || !clockRoles.includes(role)) &&
      (hasMetadataUuid || role !== 'metadata-stream-uuid'),
  );
}

/** @throws MetadataError for a role that its field can't have; lenient: such roles are removed with a warning. */
export function checkRoles(
  scope: Scope,
  root: StructureFieldClass | undefined,
  context: RoleContext,
): void {
  if (!root) return;
  visitFieldClasses(root, (fieldClass) => {
    if (!('roles' in fieldClass)) return;
    const wrong = new Set<Role>();
    for (const role of fieldClass.roles ?? []) {
      const fault = faultOf(role, fieldClass, scope, root, context);
      if (fault === undefined) continue;
      const message = `A field can not have the role \`${role}\` here: ${fault}.`;
      if (!context.isLenient) context.factory.fail(fieldClass, message, 'bad-role');
      context.factory.warn(fieldClass, message);
      wrong.add(role);
    }
    if (wrong.size === 0) return;
    const mutable: { roles?: readonly Role[] } = fieldClass;
    mutable.roles = fieldClass.roles!.filter((role) => !wrong.has(role));
  });
}

function faultOf(
  role: Role,
  fieldClass: FieldClass,
  scope: Scope,
  root: StructureFieldClass,
  context: RoleContext,
): string | undefined {
  if (!rolesOfScope[scope]?.includes(role)) return `it has no meaning in the scope \`${scope}\``;
  if (clockRoles.includes(role) && !context.hasDefaultClock) {
    return 'the data stream class has no default clock class';
  }
  if (role === 'metadata-stream-uuid') {
    if (fieldClass.type !== 'static-length-blob' || fieldClass.lengthBytes !== 16) {
      return 'the BLOB must have 16 bytes';
    }
    return context.hasMetadataUuid ? undefined : 'the preamble has no `uuid`';
  }
  if (role === 'packet-magic-number') {
    if (fieldClass.type !== 'fixed-length-unsigned-integer' || fieldClass.lengthBits !== 32) {
      return 'it must be a fixed-length unsigned integer of 32 bits';
    }
    if (root.members[0]?.fieldClass !== fieldClass) {
      return 'it must be the first member of the packet header';
    }
  }
  return undefined;
}

/** True: a field of `root` has the role. */
export function hasRole(root: StructureFieldClass | undefined, role: Role): boolean {
  let found = false;
  if (root) {
    visitFieldClasses(root, (fc) => {
      if ('roles' in fc && fc.roles?.includes(role)) found = true;
    });
  }
  return found;
}
