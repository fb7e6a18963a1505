/** Identifies an object between its begin and its end: thread, CPU, request, or what the user says. */
export type TrackerKey = number | string;
