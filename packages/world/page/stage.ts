import {
  BoxGeometry,
  BufferGeometry,
  DirectionalLight,
  DoubleSide,
  FramebufferTexture,
  Group,
  LinearSRGBColorSpace,
  Mesh,
  MeshBasicMaterial,
  NeutralToneMapping,
  Object3D,
  PCFShadowMap,
  PerspectiveCamera,
  PlaneGeometry,
  Scene,
  ShaderMaterial,
  Vector2,
  Vector3,
  WebGLRenderer,
  WebGLRenderTarget,
  type Material,
} from "three";
import type { LightSetup } from "./lights.ts";
import type { PartName } from "../src/parts.ts";
import { PARTS } from "../src/parts.ts";

/** Samples along each side of a pixel. */
export const SUPERSAMPLING = 2;

/** What one render gives: sRGB bytes (3 a pixel) and part ids (1 a pixel), from the upper left corner. */
export interface Shot {
  readonly rgb: Uint8Array;
  readonly parts: Uint8Array;
}

/** The renderer, its targets and the few objects that every picture shares. One per page. */
export class Stage {
  readonly renderer: WebGLRenderer;
  readonly camera = new PerspectiveCamera(30, 1, 0.1, 80);
  private ids: WebGLRenderTarget | undefined;
  private plate: FramebufferTexture | undefined;
  private readonly screen: Mesh<PlaneGeometry, ShaderMaterial>;
  private side = 0;

  constructor() {
    this.renderer = new WebGLRenderer({ antialias: false, preserveDrawingBuffer: true });
    this.renderer.toneMapping = NeutralToneMapping;
    this.renderer.toneMappingExposure = 1.18;
    this.renderer.shadowMap.enabled = true;
    this.renderer.shadowMap.type = PCFShadowMap;
    this.renderer.transmissionResolutionScale = 0.5;
    this.screen = new Mesh(
      new PlaneGeometry(2, 2),
      new ShaderMaterial({
        depthTest: false,
        depthWrite: false,
        uniforms: { plate: { value: null } },
        vertexShader: "varying vec2 vUv; void main() { vUv = uv; gl_Position = vec4(position.xy, 1.0, 1.0); }",
        fragmentShader:
          "uniform sampler2D plate; varying vec2 vUv; void main() { gl_FragColor = sRGBTransferEOTF(texture2D(plate, vUv)); \n#include <colorspace_fragment>\n }",
      }),
    );
    this.screen.frustumCulled = false;
    this.screen.renderOrder = -1000;
  }

  /** Sets the picture's size in pixels. */
  resize(size: number): void {
    const side = size * SUPERSAMPLING;
    if (side === this.side) return;
    this.side = side;
    this.renderer.setSize(side, side, false);
    this.ids?.dispose();
    this.ids = new WebGLRenderTarget(side, side);
    this.plate?.dispose();
    this.plate = new FramebufferTexture(side, side);
  }

  /** Draws what lies behind the subject and keeps it as the plate for {@link shoot}. */
  drawPlate(scene: Scene): void {
    this.renderer.setRenderTarget(null);
    this.renderer.render(scene, this.camera);
    this.renderer.copyFramebufferToTexture(this.plate!, new Vector2(0, 0));
  }

  /** Draws a scene, over the plate where `overPlate`, and its part ids; both reduced to the picture's size. */
  shoot(scene: Scene, overPlate: boolean): Shot {
    if (overPlate) {
      this.screen.material.uniforms["plate"]!.value = this.plate;
      scene.add(this.screen);
    }
    this.renderer.setRenderTarget(null);
    this.renderer.render(scene, this.camera);
    const colour = new Uint8Array(this.side * this.side * 4);
    const gl = this.renderer.getContext();
    gl.readPixels(0, 0, this.side, this.side, gl.RGBA, gl.UNSIGNED_BYTE, colour);
    const rgb = averageDown(colour, this.side);
    if (overPlate) scene.remove(this.screen);
    const parts = this.identify(scene);
    return { rgb, parts };
  }

  private identify(scene: Scene): Uint8Array {
    const swapped: [Mesh, Material | Material[]][] = [];
    const hidden: Object3D[] = [];
    scene.traverse((object) => {
      if (!(object instanceof Mesh)) return;
      const part = object.userData["part"] as PartName | undefined;
      if (part === undefined) {
        if (object.visible) hidden.push(object);
        return;
      }
      swapped.push([object, object.material as Material]);
      object.material = idMaterial(part);
    });
    for (const object of hidden) object.visible = false;
    const shadows = this.renderer.shadowMap.autoUpdate;
    this.renderer.shadowMap.autoUpdate = false;
    const background = scene.background;
    scene.background = null;
    this.renderer.setRenderTarget(this.ids!);
    this.renderer.setClearColor(0, 1);
    this.renderer.clear();
    this.renderer.render(scene, this.camera);
    const raw = new Uint8Array(this.side * this.side * 4);
    this.renderer.readRenderTargetPixels(this.ids!, 0, 0, this.side, this.side, raw);
    this.renderer.setRenderTarget(null);
    this.renderer.shadowMap.autoUpdate = shadows;
    scene.background = background;
    for (const [object, material] of swapped) object.material = material;
    for (const object of hidden) object.visible = true;
    return voteDown(raw, this.side);
  }
}

const idMaterials = new Map<string, MeshBasicMaterial>();

function idMaterial(part: PartName): MeshBasicMaterial {
  let material = idMaterials.get(part);
  if (material === undefined) {
    material = new MeshBasicMaterial({ side: DoubleSide, toneMapped: false, fog: false });
    material.color.setRGB(PARTS.indexOf(part) / 255, 0, 0, LinearSRGBColorSpace);
    idMaterials.set(part, material);
  }
  return material;
}

/** Averages blocks of samples; turns the picture upright (GL rows run upwards). */
function averageDown(rgba: Uint8Array, side: number): Uint8Array {
  const size = side / SUPERSAMPLING;
  const out = new Uint8Array(size * size * 3);
  const row = side * 4;
  for (let y = 0, o = 0; y < size; y++) {
    let i = (side - 1 - y * 2) * row;
    for (let x = 0; x < size; x++, i += 8, o += 3) {
      const j = i - row;
      out[o] = (rgba[i]! + rgba[i + 4]! + rgba[j]! + rgba[j + 4]! + 2) >> 2;
      out[o + 1] = (rgba[i + 1]! + rgba[i + 5]! + rgba[j + 1]! + rgba[j + 5]! + 2) >> 2;
      out[o + 2] = (rgba[i + 2]! + rgba[i + 6]! + rgba[j + 2]! + rgba[j + 6]! + 2) >> 2;
    }
  }
  return out;
}

/** The commonest part of each block; a block that any part touches is never `other`, so no changed pixel lies outside a mask. */
function voteDown(rgba: Uint8Array, side: number): Uint8Array {
  const size = side / SUPERSAMPLING;
  const out = new Uint8Array(size * size);
  const row = side * 4;
  for (let y = 0, o = 0; y < size; y++) {
    let i = (side - 1 - y * 2) * row;
    for (let x = 0; x < size; x++, i += 8, o++) {
      const [a, b, c, d] = [rgba[i]!, rgba[i + 4]!, rgba[i - row]!, rgba[i - row + 4]!];
      if (a === b && a === c && a === d) out[o] = a;
      else {
        const votes = [a, b, c, d].filter((id) => id > 0);
        out[o] = votes.reduce((best, id) => (count(votes, id) > count(votes, best) ? id : best), votes[0] ?? 0);
      }
    }
  }
  return out;
}

function count(votes: readonly number[], id: number): number {
  return votes.reduce((sum, vote) => sum + (vote === id ? 1 : 0), 0);
}

/** Material of things that only cast shadows. */
export const CASTER = new MeshBasicMaterial({ colorWrite: false, depthWrite: false });
/** Material of things that only hide what is behind them. */
export const OCCLUDER = new MeshBasicMaterial({ colorWrite: false, side: DoubleSide });

export function mesh(geometry: BufferGeometry, material: Material, part: PartName | undefined, shadows = true): Mesh {
  const made = new Mesh(geometry, material);
  made.castShadow = made.receiveShadow = shadows;
  if (part !== undefined) made.userData["part"] = part;
  return made;
}

/** The key light of a setup, aimed at the middle of a product `height` high, with a window's bars where it has them. */
export function keyLight(setup: LightSetup, height: number): Group {
  const group = new Group();
  const light = new DirectionalLight(setup.keyColour, setup.keyStrength);
  const target = new Vector3(0, height * 0.4, 0);
  light.position.copy(setup.key).add(target);
  light.target.position.copy(target);
  light.castShadow = true;
  light.shadow.mapSize.set(1024, 1024);
  light.shadow.radius = setup.soft;
  light.shadow.bias = -0.0008;
  light.shadow.normalBias = 0.018;
  Object.assign(light.shadow.camera, { left: -3.2, right: 3.2, top: 3.2, bottom: -3.2, near: 0.1, far: 14 });
  group.add(light, light.target);
  if (setup.bars) {
    const frame = new Group();
    const bar = (w: number, h: number, x: number, y: number): void => {
      const made = mesh(new BoxGeometry(w, h, 0.02), CASTER, undefined);
      made.position.set(x, y, 0);
      frame.add(made);
    };
    for (const x of [-0.95, 0, 0.95]) bar(0.09, 4, x, 0);
    for (const y of [-1.3, -0.2, 0.9]) bar(2, 0.09, 0, y);
    for (const side of [-1, 1]) {
      bar(3, 8, side * 2.45, 0);
      bar(8, 3, 0, side * 3.05 - 0.1);
    }
    frame.position.copy(setup.key).multiplyScalar(0.85).add(target);
    frame.lookAt(target);
    group.add(frame);
  }
  return group;
}

/** Frees what belongs to one scene only: geometries and shadow maps. */
export function dispose(scene: Object3D): void {
  scene.traverse((object) => {
    if (object instanceof Mesh) (object.geometry as BufferGeometry).dispose();
    if (object instanceof DirectionalLight) object.shadow.map?.dispose();
  });
}
