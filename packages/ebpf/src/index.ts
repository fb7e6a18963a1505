/** Name of the licence that programs declare to the kernel: stack and BTF helpers want a GPL-compatible one. */
export const programLicence = 'Dual MIT/GPL';
