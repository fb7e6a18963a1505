import type { EventRecordClass, LogLevel, Trace } from '@sonde/trace-model';
import type { Colors } from '../sink-text/colors.ts';
import type { PrettyOptions } from './pretty-options.ts';

const logLevelTexts: Record<LogLevel, string> = {
  emergency: 'TRACE_EMERG (0)',
  alert: 'TRACE_ALERT (1)',
  critical: 'TRACE_CRIT (2)',
  error: 'TRACE_ERR (3)',
  warning: 'TRACE_WARNING (4)',
  notice: 'TRACE_NOTICE (5)',
  info: 'TRACE_INFO (6)',
  'debug:system': 'TRACE_DEBUG_SYSTEM (7)',
  'debug:program': 'TRACE_DEBUG_PROGRAM (8)',
  'debug:process': 'TRACE_DEBUG_PROCESS (9)',
  'debug:module': 'TRACE_DEBUG_MODULE (10)',
  'debug:unit': 'TRACE_DEBUG_UNIT (11)',
  'debug:function': 'TRACE_DEBUG_FUNCTION (12)',
  'debug:line': 'TRACE_DEBUG_LINE (13)',
  debug: 'TRACE_DEBUG (14)',
};

/** `name = `. */
export function nameText(colors: Colors, color: string, name: string): string {
  return `${color}${name}${colors.reset} = `;
}

/**
 * What stands between the times and the first scope: `host:process:(12) event: `. Babeltrace puts a comma before each named field
 * when the line begins with a time, and none when it does not; both are kept.
 */
export function lineHeader(
  options: PrettyOptions,
  colors: Colors,
  trace: Trace,
  eventRecordClass: EventRecordClass,
): string {
  const isNamed = options.names.header;
  const hasTime = eventRecordClass.dataStreamClass.defaultClockClass !== undefined;
  const comma = isNamed && hasTime ? ', ' : '';
  const name = (text: string) => (isNamed ? nameText(colors, colors.bold, text) : '');
  let text = '';
  if (options.fields.trace && trace.name !== undefined) {
    text += comma + name('trace') + trace.name + (isNamed ? ', ' : '');
  }
  const fields = headerFields(options, trace, eventRecordClass);
  for (const [index, [fieldName, value]] of fields.entries()) {
    text += comma + (isNamed ? name(fieldName) : index > 0 ? ':' : '') + value;
  }
  if (fields.length > 0 && !isNamed) text += ' ';
  const eventName =
    eventRecordClass.name === undefined
      ? `${colors.bold}${colors.brightRed}<unknown>${colors.reset}`
      : `${colors.bold}${colors.brightMagenta}${eventRecordClass.name}${colors.reset}`;
  return text + comma + name('name') + eventName + (isNamed ? ', ' : ': ');
}

function headerFields(
  options: PrettyOptions,
  trace: Trace,
  eventRecordClass: EventRecordClass,
): readonly (readonly [name: string, value: string])[] {
  const { fields } = options;
  const found: [string, string][] = [];
  const environment = (isShown: boolean, name: string) => {
    const value = isShown ? trace.environment.get(name) : undefined;
    if (name === 'vpid') {
      if (typeof value === 'bigint') found.push(['trace:vpid', `(${value})`]);
    } else if (typeof value === 'string') {
      found.push([`trace:${name}`, value]);
    }
  };
  environment(fields.hostname, 'hostname');
  environment(fields.domain, 'domain');
  environment(fields.procname, 'procname');
  environment(fields.vpid, 'vpid');
  const { logLevel, emfUri } = eventRecordClass;
  if (fields.loglevel && logLevel !== undefined) found.push(['loglevel', logLevelTexts[logLevel]]);
  if (fields.emf && emfUri !== undefined) found.push(['model.emf.uri', emfUri]);
  return found;
}
