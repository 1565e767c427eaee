import {
  DoubleSide,
  FramebufferTexture,
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
  WebGLRenderer,
  WebGLRenderTarget,
  type Material,
  type RenderItem,
} from "three";
import type { PartName } from "../src/parts.ts";
import { PARTS } from "../src/parts.ts";
import { readBack } from "./read-back.ts";
import { settleEdges, turnUpright, type Shot } from "./shot.ts";
import { smoothShadows } from "./soft-shadow.ts";

/** The renderer, its targets and the few objects that every picture shares. One per page. */
export class Stage {
  readonly renderer: WebGLRenderer;
  readonly camera = new PerspectiveCamera(30, 1, 0.1, 80);
  private ids: WebGLRenderTarget | undefined;
  private plate: FramebufferTexture | undefined;
  private plateBytes: Promise<Uint8Array> = Promise.resolve(new Uint8Array(0));
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
    this.plateBytes = this.read();
  }

  private read(): Promise<Uint8Array> {
    return readBack(this.renderer.getContext() as WebGL2RenderingContext, this.size);
  }

  /**
   * Asks for a scene, over the plate where `overPlate`, and its part ids. All drawing is asked for before this returns, so the scene may be taken apart and the next one
   * asked for; the picture comes when it is drawn.
   */
  shoot(scene: Scene, overPlate: boolean): Promise<Shot> {
    const { size, plateBytes } = this;
    if (overPlate) {
      this.screen.material.uniforms["plate"]!.value = this.plate;
      scene.add(this.screen);
    }
    this.renderer.render(scene, this.camera);
    const drawn = this.read();
    if (overPlate) scene.remove(this.screen);
    const identified = this.identify(scene);
    return Promise.all([drawn, identified, plateBytes]).then(([colours, ids, plate]) => {
      const parts = Uint8Array.from({ length: size * size }, (_, i) => ids[i * 4]!);
      if (overPlate) settleEdges(colours, plate, parts, size);
      return turnUpright(colours, parts, size);
    });
  }

  private identify(scene: Scene): Promise<Uint8Array> {
    this.renderer.setRenderTarget(this.ids!);
    this.renderer.setClearColor(0, 1);
    this.renderer.clear();
    this.drawAs(scene, ({ userData }) => {
      const part = userData["part"] as PartName | undefined;
      return part === undefined ? undefined : idMaterial(part);
    });
    const identified = this.read();
    this.renderer.setRenderTarget(null);
    return identified;
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
