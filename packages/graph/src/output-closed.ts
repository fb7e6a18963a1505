import { SondeError } from '@sonde/base';

/**
 * The reader of the output went away (`sonde read … | head`). Not a failure: the graph stops, finishes its sinks and says
 * `output-closed`.
 */
export class OutputClosedError extends SondeError {
  constructor(message = 'The reader of the output went away.', options?: ErrorOptions) {
    super('output-closed', message, {}, options);
  }
}
