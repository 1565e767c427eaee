/** How a posture applies to what was built. */
export interface Frame {
  /** Heights of the end that stays where it is and of the free end. */
  readonly fixed: number;
  readonly free: number;
  /** How far posture shows (1 = as on a vase), and how far edges and dents do. */
  readonly strength?: number;
  readonly roughness?: number;
  /** Vertical axes about which each part of a pair bends, by x. */
  readonly pivots?: readonly number[];
}
