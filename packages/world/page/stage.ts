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
  type RenderItem,
} from "three";
import type { LightSetup } from "./lights.ts";
import type { PartName } from "../src/parts.ts";
import { PARTS } from "../src/parts.ts";
import { smoothShadows } from "./soft-shadow.ts";

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
  private plateBytes: Uint8Array = new Uint8Array(0);
  private readonly screen: Mesh<PlaneGeometry, ShaderMaterial>;
  private size = 0;

  constructor() {
    smoothShadows();
    this.renderer = new WebGLRenderer({ antialias: true, preserveDrawingBuffer: true });
    this.renderer.toneMapping = NeutralToneMapping;
    this.renderer.toneMappingExposure = 1.18;
    this.renderer.shadowMap.enabled = true;
    this.renderer.shadowMap.type = PCFShadowMap;
    this.renderer.transmissionResolutionScale = 0.75;
    this.renderer.setOpaqueSort(compareByPlace);
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
    if (size === this.size) return;
    this.size = size;
    this.renderer.setSize(size, size, false);
    this.ids?.dispose();
    this.ids = new WebGLRenderTarget(size, size);
    this.plate?.dispose();
    this.plate = new FramebufferTexture(size, size);
  }

  /** Draws what lies behind the subject and keeps it as the plate for {@link shoot}. */
  drawPlate(scene: Scene): void {
    this.renderer.setRenderTarget(null);
    this.renderer.render(scene, this.camera);
    this.renderer.copyFramebufferToTexture(this.plate!, new Vector2(0, 0));
    this.plateBytes = this.readColours();
  }

  private readColours(): Uint8Array {
    const { size } = this;
    const rgba = new Uint8Array(size * size * 4);
    const gl = this.renderer.getContext();
    gl.readPixels(0, 0, size, size, gl.RGBA, gl.UNSIGNED_BYTE, rgba);
    return rgba;
  }

  /** Draws a scene, over the plate where `overPlate`, and its part ids; both reduced to the picture's size. */
  shoot(scene: Scene, overPlate: boolean): Shot {
    if (overPlate) {
      this.screen.material.uniforms["plate"]!.value = this.plate;
      scene.add(this.screen);
    }
    this.renderer.render(scene, this.camera);
    const colours = this.readColours();
    if (overPlate) scene.remove(this.screen);
    const parts = this.identify(scene);
    if (overPlate) settleEdges(colours, this.plateBytes, parts, this.size);
    return turnUpright(colours, parts, this.size);
  }

  private identify(scene: Scene): Uint8Array {
    const { size } = this;
    const raw = new Uint8Array(size * size * 4);
    this.renderer.setRenderTarget(this.ids!);
    this.renderer.setClearColor(0, 1);
    this.renderer.clear();
    this.drawAs(scene, ({ userData }) => {
      const part = userData["part"] as PartName | undefined;
      return part === undefined ? undefined : idMaterial(part);
    });
    this.renderer.readRenderTargetPixels(this.ids!, 0, 0, size, size, raw);
    this.renderer.setRenderTarget(null);
    return Uint8Array.from({ length: size * size }, (_, i) => raw[i * 4]!);
  }

  /** Draws a scene's meshes in other materials, without lights; those without one are left out. */
  private drawAs(scene: Scene, choose: (made: Mesh) => Material | undefined): void {
    const changed: [Mesh, Material | Material[]][] = [];
    const hidden: Object3D[] = [];
    scene.traverse((object) => {
      if (!(object instanceof Mesh) || !object.visible) return;
      const material = choose(object);
      if (material === undefined) hidden.push(object);
      else {
        changed.push([object, object.material as Material]);
        object.material = material;
      }
    });
    for (const object of hidden) object.visible = false;
    const { background } = scene;
    scene.background = null;
    this.renderer.shadowMap.autoUpdate = this.renderer.autoClear = false;
    this.renderer.render(scene, this.camera);
    this.renderer.shadowMap.autoUpdate = this.renderer.autoClear = true;
    scene.background = background;
    for (const [object, material] of changed) object.material = material;
    for (const object of hidden) object.visible = true;
  }
}

/**
 * Nearest first, then in the order in which the scene was built. Three's own order asks for the materials' ids before either, and those tell which scenes the page
 * drew earlier: where two surfaces lie equally deep, the same scene would come out in two ways.
 */
function compareByPlace(a: RenderItem, b: RenderItem): number {
  return a.groupOrder - b.groupOrder || a.renderOrder - b.renderOrder || a.z - b.z || a.id - b.id;
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

/**
 * Colours have four samples a pixel, ids one: a pixel without a part that yet differs from the plate is the edge of a neighbour's part, and belongs to it. So no
 * changed pixel lies outside a mask; a sliver without such a neighbour is taken back.
 */
function settleEdges(colours: Uint8Array, plate: Uint8Array, parts: Uint8Array, size: number): void {
  const centres = parts.slice();
  for (let i = 0; i < parts.length; i++) {
    if (centres[i] !== 0) continue;
    const at = i * 4;
    if (colours[at] === plate[at] && colours[at + 1] === plate[at + 1] && colours[at + 2] === plate[at + 2]) continue;
    const x = i % size;
    let part = 0;
    for (let dy = -size; dy <= size; dy += size)
      for (let dx = -1; dx <= 1 && part === 0; dx++) if (x + dx >= 0 && x + dx < size) part = centres[i + dy + dx] ?? 0;
    parts[i] = part;
    if (part === 0) colours.set(plate.subarray(at, at + 4), at);
  }
}

/** GL rows run upwards. */
function turnUpright(rgba: Uint8Array, ids: Uint8Array, size: number): Shot {
  const rgb = new Uint8Array(size * size * 3);
  const parts = new Uint8Array(size * size);
  for (let y = 0, o = 0; y < size; y++) {
    for (let x = 0, i = (size - 1 - y) * size; x < size; x++, i++, o++) {
      rgb[o * 3] = rgba[i * 4]!;
      rgb[o * 3 + 1] = rgba[i * 4 + 1]!;
      rgb[o * 3 + 2] = rgba[i * 4 + 2]!;
      parts[o] = ids[i]!;
    }
  }
  return { rgb, parts };
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
  light.shadow.mapSize.set(512, 512);
  light.shadow.radius = setup.soft / 2;
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
