import {
  type DataStream,
  type EventRecordClass,
  type FieldClass,
  isSigned,
  type LogLevel,
  type Mapping,
  type Scope,
  type StructureFieldClass,
  scopeFieldClass,
  type VariantFieldClass,
} from '@sonde/trace-model';
import type { FieldReference } from './ast.ts';
import type { Kind } from './check-types.ts';

/** For whose records a filter is compiled. Without `stream`, what belongs to the stream and trace is missing. */
export interface FilterTarget {
  readonly eventRecordClass: EventRecordClass;
  readonly stream?: DataStream;
}

/** A value that all records of the target share. */
export interface ConstantField {
  readonly type: 'constant';
  readonly kind: Kind;
  readonly value: bigint | string;
  readonly mappings?: readonly Mapping[];
}

/** A value in the record. */
export interface RecordField {
  readonly type: 'record';
  readonly kind: Kind;
  readonly scope: Scope;
  /** Member names from the scope's root to what has to be decoded. */
  readonly path: readonly string[];
  /** Steps from there in the decoded plain value: indexes, and members behind arrays and variants. */
  readonly rest: readonly (string | number)[];
  /** Whether a decoded record may lack it: behind an optional, a variant, an array index. */
  readonly mayBeMissing: boolean;
  /** An integer that may not be an exact number. */
  readonly isWide: boolean;
  /** A decoded value is a number or bigint for sure. */
  readonly isNumber: boolean;
  readonly isSigned: boolean;
  /** Labels of an enumeration. */
  readonly mappings?: readonly Mapping[];
}

export type ResolvedField = ConstantField | RecordField | undefined;

/** LTTng's numbers for the log levels. */
const logLevels: readonly LogLevel[] = [
  'emergency',
  'alert',
  'critical',
  'error',
  'warning',
  'notice',
  'info',
  'debug:system',
  'debug:program',
  'debug:process',
  'debug:module',
  'debug:unit',
  'debug:function',
  'debug:line',
  'debug',
];
const logLevelShortNames: Readonly<Record<string, string>> = {
  emergency: 'EMERG',
  critical: 'CRIT',
  error: 'ERR',
};

/** Labels of `$event.loglevel`: `info`, `INFO` and `TRACE_INFO` mean the same. */
const logLevelMappings: readonly Mapping[] = logLevels.flatMap((level, number) => {
  const value = BigInt(number);
  const upper = logLevelShortNames[level] ?? level.toUpperCase().replace(':', '_');
  const ranges = [{ lower: value, upper: value }];
  return [level, upper, `TRACE_${upper}`].map((label) => ({ label, ranges }));
});

/** Where the value of `reference` is for records of `target`. Undefined: they have none. */
export function resolveField(reference: FieldReference, target: FilterTarget): ResolvedField {
  const [first, ...rest] = reference.path;
  const name = String(first);
  switch (reference.root) {
    case 'event':
      return eventProperty(name, target.eventRecordClass);
    case 'stream':
    case 'trace':
    case 'environment':
      return target.stream && streamProperty(reference.root, name, target.stream);
    case 'context':
      return firstOf(contextScopes, contextNames(name), rest, target);
    case 'app-context':
      return firstOf(contextScopes, appContextNames(name), rest, target);
    case 'payload':
      return firstOf(['event-record-payload'], [name], rest, target);
    case 'event-header':
      return firstOf(['event-record-header'], [name], rest, target);
    case 'packet-context':
      return firstOf(['packet-context'], [name], rest, target);
    case 'packet-header':
      return firstOf(['packet-header'], [name], rest, target);
  }
}

const contextScopes: readonly Scope[] = [
  'event-record-common-context',
  'event-record-specific-context',
  'packet-context',
];

/** `perf:cpu:cycles` is recorded as `perf_cpu_cycles`. */
function contextNames(name: string): readonly string[] {
  return name.includes(':') ? [name, name.replaceAll(':', '_')] : [name];
}

/** LTTng records `$app.P:T` under a name where only identifier characters are left. */
function appContextNames(name: string): readonly string[] {
  const flat = `app_${name.replaceAll(':', '_')}`;
  return [`$app.${name}`, `_${flat}`, flat];
}

function firstOf(
  scopes: readonly Scope[],
  names: readonly string[],
  rest: readonly (string | number)[],
  target: FilterTarget,
): RecordField | undefined {
  for (const scope of scopes) {
    const root = scopeFieldClass(target.eventRecordClass, scope);
    if (root === undefined) continue;
    for (const name of names) {
      const found = walk(scope, root, [name, ...rest]);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

const unknownValue = {
  type: 'record',
  kind: 'dynamic',
  mayBeMissing: true,
  isWide: true,
  isNumber: false,
  isSigned: false,
} as const;

/** Follows `path` through the field classes. */
function walk(
  scope: Scope,
  root: StructureFieldClass,
  path: readonly (string | number)[],
): RecordField | undefined {
  const decoded: string[] = [];
  const rest: (string | number)[] = [];
  let mayBeMissing = false;
  let fieldClass: FieldClass = root;
  for (const [position, item] of path.entries()) {
    // An optional has no value of its own to step into; what it holds is reached by the same step.
    if (fieldClass.type === 'optional') fieldClass = fieldClass.fieldClass;
    if (fieldClass.type === 'variant') {
      const option = optionNamed(fieldClass, item);
      if (option === undefined || rest.length > 0) {
        // Which option it is, only the record says: the rest is looked up in the decoded value.
        rest.push(...path.slice(position));
        return { ...unknownValue, scope, path: decoded, rest };
      }
      decoded.push(String(item));
      mayBeMissing = true;
      fieldClass = option.fieldClass;
      continue;
    }
    const next = stepInto(fieldClass, item);
    if (next === undefined) return undefined;
    if (typeof item === 'number') mayBeMissing = true;
    if (rest.length > 0 || typeof item === 'number') rest.push(item);
    else decoded.push(item);
    fieldClass = next;
    if (next.type === 'optional') mayBeMissing = true;
  }
  if (fieldClass.type === 'optional') fieldClass = fieldClass.fieldClass;
  const kind = kindOfFieldClass(fieldClass);
  const mappings = mappingsOf(fieldClass);
  return {
    type: 'record',
    kind,
    scope,
    path: decoded,
    rest,
    mayBeMissing: mayBeMissing || kind === 'dynamic',
    ...numberTraits(fieldClass),
    ...(mappings !== undefined && { mappings }),
  };
}

function optionNamed(variant: VariantFieldClass, name: string | number) {
  return variant.options.find((option) => option.name === name);
}

function stepInto(fieldClass: FieldClass, item: string | number): FieldClass | undefined {
  if (typeof item === 'string') {
    if (fieldClass.type !== 'structure') return undefined;
    return fieldClass.members.find((member) => member.name === item)?.fieldClass;
  }
  if (fieldClass.type === 'dynamic-length-array') return fieldClass.elementFieldClass;
  if (fieldClass.type !== 'static-length-array') return undefined;
  return item < fieldClass.length ? fieldClass.elementFieldClass : undefined;
}

function kindOfFieldClass(fieldClass: FieldClass): Kind {
  switch (fieldClass.type) {
    case 'fixed-length-boolean':
    case 'fixed-length-bit-array':
    case 'fixed-length-bit-map':
      return 'integer';
    case 'fixed-length-unsigned-integer':
    case 'fixed-length-signed-integer':
    case 'variable-length-unsigned-integer':
    case 'variable-length-signed-integer':
      return fieldClass.mappings === undefined ? 'integer' : 'enumeration';
    case 'fixed-length-floating-point-number':
      return 'real';
    case 'null-terminated-string':
    case 'static-length-string':
    case 'dynamic-length-string':
      return 'string';
    case 'variant':
    case 'optional':
      return 'dynamic';
    default:
      return 'compound';
  }
}

function mappingsOf(fieldClass: FieldClass): readonly Mapping[] | undefined {
  return 'mappings' in fieldClass ? fieldClass.mappings : undefined;
}

function numberTraits(
  fieldClass: FieldClass,
): Pick<RecordField, 'isWide' | 'isNumber' | 'isSigned'> {
  switch (fieldClass.type) {
    case 'fixed-length-unsigned-integer':
    case 'fixed-length-signed-integer':
    case 'variable-length-unsigned-integer':
    case 'variable-length-signed-integer': {
      const isWide = !('lengthBits' in fieldClass) || fieldClass.lengthBits > 53;
      return { isWide, isNumber: true, isSigned: isSigned(fieldClass) };
    }
    case 'fixed-length-floating-point-number':
      return { isWide: false, isNumber: true, isSigned: true };
    default:
      return { isWide: true, isNumber: false, isSigned: false };
  }
}

function eventProperty(name: string, eventRecordClass: EventRecordClass): ResolvedField {
  switch (name) {
    case 'name':
      return constant('string', eventRecordClass.name);
    case 'id':
      return constant('integer', eventRecordClass.id);
    default: {
      const { logLevel } = eventRecordClass;
      const number = logLevel && BigInt(logLevels.indexOf(logLevel));
      const field = constant('enumeration', number);
      return field && { ...field, mappings: logLevelMappings };
    }
  }
}

function streamProperty(
  root: 'stream' | 'trace' | 'environment',
  name: string,
  stream: DataStream,
): ResolvedField {
  const { trace, dataStreamClass } = stream;
  switch (`${root}.${name}`) {
    case 'stream.id':
      return constant('integer', stream.idIsKnown ? stream.id : undefined);
    case 'stream.name':
      return constant('string', stream.name);
    case 'stream.class_id':
      return constant('integer', dataStreamClass.id);
    case 'stream.class_name':
      return constant('string', dataStreamClass.name);
    case 'trace.name':
      return constant('string', trace.name);
    case 'trace.path':
      return constant('string', trace.path);
    case 'trace.uid':
      return constant('string', trace.traceClass.uid);
    default: {
      const value = trace.environment.get(name);
      return constant(typeof value === 'bigint' ? 'integer' : 'string', value);
    }
  }
}

function constant(kind: Kind, value: bigint | string | undefined): ConstantField | undefined {
  return value === undefined ? undefined : { type: 'constant', kind, value };
}
