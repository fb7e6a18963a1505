/** Half-open range in the filter text (UTF-16 code units). */
export interface TextRange {
  readonly begin: number;
  readonly end: number;
}

/**
 * Where a field reference begins.
 * - `payload`: `NAME` or `$payload.NAME`
 * - `context`: `$ctx.NAME`: common context, specific context, packet context (LTTng keeps `cpu_id` there), the first that has it
 * - `app-context`: `$app.PROVIDER:TYPE`; the path is that one name
 * - `event`: `$event.name`, `$event.id`, `$event.loglevel`
 * - `event-header`: `$header.NAME`; `packet-context`: `$packet.NAME`; `packet-header`: `$packet_header.NAME`
 * - `stream`: `$stream.id`, `$stream.name`, `$stream.class_id`, `$stream.class_name`
 * - `trace`: `$trace.name`, `$trace.path`, `$trace.uid`; `environment`: `$env.NAME`
 */
export type ReferenceRoot =
  | 'payload'
  | 'context'
  | 'app-context'
  | 'event'
  | 'event-header'
  | 'packet-context'
  | 'packet-header'
  | 'stream'
  | 'trace'
  | 'environment';

/** Member names and array indexes from the root; the first is a name. */
export interface FieldReference {
  readonly root: ReferenceRoot;
  readonly path: readonly (string | number)[];
}

export type UnaryOperator = '!' | '~' | '-' | '+';
export type ArithmeticOperator = '*' | '/' | '%' | '+' | '-';
export type BitOperator = '<<' | '>>' | '&' | '^' | '|';
export type OrderOperator = '<' | '<=' | '>' | '>=';
export type EqualityOperator = '==' | '!=';
export type LogicalOperator = '&&' | '||';
export type BinaryOperator =
  | ArithmeticOperator
  | BitOperator
  | OrderOperator
  | EqualityOperator
  | LogicalOperator;

/** 0 to 2^64 - 1; a negative number is a unary minus around it. Characters are integers. */
export interface IntegerNode extends TextRange {
  readonly type: 'integer';
  readonly value: bigint;
}
export interface RealNode extends TextRange {
  readonly type: 'real';
  readonly value: number;
}
export interface StringNode extends TextRange {
  readonly type: 'string';
  /** Escapes resolved; both `*` and `\*` are a `*` here. */
  readonly value: string;
  /** For `compileStarGlob`: `\*` and `\\` stay escaped. */
  readonly glob: string;
}
export interface FieldNode extends TextRange {
  readonly type: 'field';
  readonly reference: FieldReference;
}
export interface UnaryNode extends TextRange {
  readonly type: 'unary';
  readonly operator: UnaryOperator;
  readonly operand: FilterNode;
}
export interface BinaryNode extends TextRange {
  readonly type: 'binary';
  readonly operator: BinaryOperator;
  readonly left: FilterNode;
  readonly right: FilterNode;
  readonly operatorRange: TextRange;
}
export type FilterNode = IntegerNode | RealNode | StringNode | FieldNode | UnaryNode | BinaryNode;

/** A parsed filter. Immutable. */
export interface FilterExpression {
  readonly text: string;
  readonly root: FilterNode;
}

/** `$ctx.procname`, `msg.data[2]`: as a person would write it. */
export function formatReference(reference: FieldReference): string {
  const prefix: Readonly<Record<ReferenceRoot, string>> = {
    payload: '',
    context: '$ctx',
    'app-context': '$app',
    event: '$event',
    'event-header': '$header',
    'packet-context': '$packet',
    'packet-header': '$packet_header',
    stream: '$stream',
    trace: '$trace',
    environment: '$env',
  };
  let text = prefix[reference.root];
  for (const item of reference.path) {
    if (typeof item === 'number') text += `[${item}]`;
    else if (/^[A-Za-z_][A-Za-z0-9_:]*$/.test(item)) text += text === '' ? item : `.${item}`;
    else text += `${text === '' ? '$payload' : ''}[${JSON.stringify(item)}]`;
  }
  return text;
}
