import { type ParameterMap, ParameterReader } from '@sonde/graph';

/** Parameters of `sink.text.details` (spec §6.2). */
export interface DetailsOptions {
  readonly color: 'never' | 'auto' | 'always';
  /** One line for each message. */
  readonly compact: boolean;
  /** Print messages. */
  readonly withData: boolean;
  readonly withMetadata: boolean;
  readonly withStreamClassName: boolean;
  readonly withStreamClassNamespace: boolean;
  readonly withStreamName: boolean;
  readonly withTime: boolean;
  readonly withTraceName: boolean;
  readonly withUid: boolean;
}

export const detailsParameterHelp = {
  color: 'When to use colours: never, auto (default; on a terminal) or always',
  compact: 'Print one line for each message (no)',
  'with-data': 'Print messages (yes)',
  'with-metadata': 'Print trace, stream and event classes (yes)',
  'with-stream-class-name': 'Print names of stream classes (yes)',
  'with-stream-class-namespace': 'Print namespaces of stream classes (yes)',
  'with-stream-name': 'Print names of streams (yes)',
  'with-time': 'Print times of messages (yes)',
  'with-trace-name': 'Print names of traces (yes)',
  'with-uid': 'Print unique IDs (yes)',
  'with-uuid': 'The same as with-uid',
};

/** @throws UsageError for an unknown parameter or a bad value */
export function readDetailsOptions(parameters: ParameterMap, owner: string): DetailsOptions {
  const reader = new ParameterReader(parameters, owner);
  const options: DetailsOptions = {
    color: reader.oneOf('color', ['never', 'auto', 'always']) ?? 'auto',
    compact: reader.boolean('compact', false),
    withData: reader.boolean('with-data', true),
    withMetadata: reader.boolean('with-metadata', true),
    withStreamClassName: reader.boolean('with-stream-class-name', true),
    withStreamClassNamespace: reader.boolean('with-stream-class-namespace', true),
    withStreamName: reader.boolean('with-stream-name', true),
    withTime: reader.boolean('with-time', true),
    withTraceName: reader.boolean('with-trace-name', true),
    withUid: reader.boolean('with-uid', true) && reader.boolean('with-uuid', true),
  };
  reader.rejectOthers();
  return options;
}
