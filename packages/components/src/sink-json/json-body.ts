import { type BackEnd, BodyWalk, backEndFor, compileWalk, silentVisitor } from '@sonde/ctf';
import {
  bodyScopes,
  type EventHandler,
  type EventRecordClass,
  scopeFieldClass,
} from '@sonde/trace-model';
import { type JsonCodeOptions, JsonCodePrinter } from './json-code-printer.ts';
import { JsonFieldPrinter } from './json-field-printer.ts';

/**
 * Compiles a handler that prints the scopes of a record as JSON from `buffer.pending` on, with `after` behind them, and sets
 * `buffer.length` when all of it is there.
 */
export function compileJsonBody(
  eventRecordClass: EventRecordClass,
  options: JsonCodeOptions,
  backEnd: BackEnd,
): EventHandler {
  if (backEndFor(eventRecordClass, backEnd) === 'generated') {
    return compileWalk(eventRecordClass, new JsonCodePrinter(options));
  }
  const { buffer, scopes, after, wideIntegers } = options;
  const steps = bodyScopes.flatMap((scope) => {
    const fieldClass = scopeFieldClass(eventRecordClass, scope);
    if (fieldClass === undefined) return [];
    const shown = scopes.get(scope);
    const printer = new JsonFieldPrinter(buffer, wideIntegers, shown?.omitted);
    return [{ fieldClass, printer, shown }];
  });
  const ending = new JsonFieldPrinter(buffer, wideIntegers);
  return (cursor) => {
    let at = buffer.pending;
    const walk = new BodyWalk(cursor);
    for (const { fieldClass, printer, shown } of steps) {
      printer.begin(at);
      if (shown !== undefined) printer.text(shown.before);
      walk.visit(fieldClass, shown === undefined ? silentVisitor : printer);
      at = printer.at;
    }
    ending.begin(at);
    ending.text(after);
    buffer.length = ending.at;
    return walk.offsetBits;
  };
}
