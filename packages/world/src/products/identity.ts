/** What makes a product this product, and its picture this picture: nothing of it changes with the emotion. */
export interface ProductIdentity {
  readonly family: string;
  readonly material: string;
  /** Name of the plain colour it has without an emotion. */
  readonly colour: string;
  readonly metal: string;
  readonly cut: string;
  /** Eight proportions in 0..1 whose meaning the family decides. */
  readonly shape: readonly number[];
  readonly stand: string;
  readonly backdrop: string;
  /** Hex without '#'. */
  readonly backdropColour: string;
  readonly light: string;
  /** Radians: turn of the product, the camera's azimuth and elevation; field of view in degrees. */
  readonly turn: number;
  readonly azimuth: number;
  readonly elevation: number;
  readonly fieldOfView: number;
  /** Room around the product: 1 fills the picture. */
  readonly margin: number;
  /** Shift of the product in the picture, as a share of its width. */
  readonly shift: readonly [number, number];
  /** Mirrors the light from left to right. */
  readonly mirrored: boolean;
}
