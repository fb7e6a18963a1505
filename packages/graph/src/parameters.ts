/** Values of component parameters (Babeltrace 2's value objects). Unsigned integers are bigint too. */
export type ParameterValue =
  | null
  | boolean
  | bigint
  | number
  | string
  | readonly ParameterValue[]
  | ParameterMap;
export interface ParameterMap {
  readonly [name: string]: ParameterValue;
}
