/** Bytes before the records of a sub-buffer page: time stamp and commit word (`events/header_page`, x86-64). */
export const pageHeaderBytes = 16;
