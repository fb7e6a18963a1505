import type { TraceClass } from '@sonde/trace-model';
import type { MetadataOptions } from '../metadata-options.ts';
import { JsonMetadata } from './json-metadata.ts';

/**
 * Reads a whole CTF 2 metadata stream, a JSON text sequence (CTF2-SPEC-2.0, "Metadata stream").
 * @throws MetadataError with line, column, byte offset and JSON path, also when a limit of `options` is passed.
 */
export function parseJsonMetadata(bytes: Uint8Array, options: MetadataOptions = {}): TraceClass {
  const metadata = new JsonMetadata(options);
  metadata.append(bytes);
  return metadata.finish();
}
