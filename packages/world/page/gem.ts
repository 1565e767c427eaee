import { type BufferGeometry, Color, ShaderMaterial, Vector3, Vector4 } from "three";
import { ConvexGeometry } from "three/examples/jsm/geometries/ConvexGeometry.js";

/** Most faces a cut may have: the size of the shader's plane table. */
const MAX_PLANES = 64;

/** A cut stone: its convex shape about the origin (girdle radius 1, table up) and the planes that bound it. */
export interface Cut {
  readonly geometry: BufferGeometry;
  /** Outward normal and distance of each face. */
  readonly planes: readonly Vector4[];
}

const cuts = new Map<string, Cut>();

/** The cut of a name, made once. Unknown names get the brilliant. */
export function findCut(name: string): Cut {
  let cut = cuts.get(name);
  if (cut === undefined) {
    const geometry = new ConvexGeometry((OUTLINES[name] ?? OUTLINES["brilliant"]!)());
    cut = { geometry, planes: boundingPlanes(geometry) };
    cuts.set(name, cut);
  }
  return cut;
}

function boundingPlanes(geometry: BufferGeometry): Vector4[] {
  const position = geometry.getAttribute("position");
  const planes: Vector4[] = [];
  const [a, b, c] = [new Vector3(), new Vector3(), new Vector3()];
  for (let i = 0; i < position.count; i += 3) {
    a.fromBufferAttribute(position, i);
    b.fromBufferAttribute(position, i + 1).sub(a);
    c.fromBufferAttribute(position, i + 2).sub(a);
    const n = b.cross(c).normalize();
    const plane = new Vector4(n.x, n.y, n.z, n.dot(a));
    if (
      !planes.some(
        (other) => Math.hypot(other.x - plane.x, other.y - plane.y, other.z - plane.z, other.w - plane.w) < 1e-2,
      )
    )
      planes.push(plane);
  }
  return planes.slice(0, MAX_PLANES);
}

/** A ring of points: `count` corners at height y; odd rings are turned half a corner. */
function ring(
  count: number,
  radius: number,
  y: number,
  half = false,
  shape: (x: number, z: number) => [number, number] = (x, z) => [x, z],
): Vector3[] {
  return Array.from({ length: count }, (_, i) => {
    const a = ((i + (half ? 0.5 : 0)) / count) * Math.PI * 2;
    const [x, z] = shape(Math.sin(a) * radius, Math.cos(a) * radius);
    return new Vector3(x, y, z);
  });
}

function brilliant(shape?: (x: number, z: number) => [number, number]): Vector3[] {
  return [
    ...ring(8, 0.56, 0.36, false, shape),
    ...ring(8, 0.84, 0.2, true, shape),
    ...ring(16, 1, 0.03, false, shape),
    ...ring(16, 1, -0.03, false, shape),
    ...ring(8, 0.45, -0.46, true, shape),
    new Vector3(0, -0.82, 0),
  ];
}

function stepped(shape: (r: number, y: number) => Vector3[]): Vector3[] {
  return [
    ...shape(0.6, 0.36),
    ...shape(0.82, 0.22),
    ...shape(1, 0.03),
    ...shape(1, -0.03),
    ...shape(0.66, -0.38),
    ...shape(0.3, -0.66),
  ];
}

const OUTLINES: Readonly<Record<string, () => Vector3[]>> = {
  brilliant: () => brilliant(),
  oval: () => brilliant((x, z) => [x * 0.78, z * 1.08]),
  pear: () => brilliant((x, z) => [x * (0.86 - z * 0.22), z * 1.05 - (1 - Math.abs(x)) * 0.1]),
  princess: () => stepped((r, y) => ring(4, r * 1.2, y, true)),
  emerald: () => stepped((r, y) => ring(8, r * 1.05, y, true, (x, z) => [x * 0.76, z * 1.08])),
  trillion: () => stepped((r, y) => ring(6, r * 1.1, y, false, (x, z) => [x, z * 0.94])),
  hexagon: () => stepped((r, y) => ring(6, r, y)),
  shard: () => [
    new Vector3(0.1, 1.3, 0),
    ...ring(5, 0.62, 0.5),
    ...ring(5, 0.7, -0.3, true),
    new Vector3(-0.1, -0.9, 0.1),
  ],
};

const VERTEX = /* glsl */ `
varying vec3 vLocal;
varying vec3 vEye;
void main() {
  vLocal = position;
  vEye = (inverse(modelMatrix) * vec4(cameraPosition, 1.0)).xyz;
  gl_Position = projectionMatrix * viewMatrix * modelMatrix * vec4(position, 1.0);
}`;

/** Follows one ray through the stone: Fresnel at each face, total reflection, absorption along the way (Beer-Lambert). */
const FRAGMENT = /* glsl */ `
uniform vec4 planes[${MAX_PLANES}];
uniform int planeCount;
uniform vec3 tint;
uniform float density;
uniform float rough;
uniform vec3 keyDirection;
uniform vec3 keyColour;
uniform float ambient;
uniform mat4 modelMatrix;
varying vec3 vLocal;
varying vec3 vEye;
vec3 room(vec3 local) {
  vec3 d = normalize(mat3(modelMatrix) * local);
  float up = d.y;
  vec3 c = mix(vec3(0.12, 0.12, 0.13), vec3(0.75), smoothstep(-0.3, 1.0, up)) * ambient;
  c += keyColour * 3.2 * smoothstep(0.86 - rough * 0.2, 0.93, dot(d, keyDirection));
  c += vec3(2.0) * smoothstep(0.90, 0.95, dot(d, normalize(vec3(-keyDirection.x, 0.55, 0.6)))) * ambient;
  c += vec3(1.6) * smoothstep(0.93, 0.96, dot(d, normalize(vec3(0.2, 0.9, -0.5)))) * ambient;
  c += vec3(1.1) * smoothstep(0.955, 0.97, dot(d, normalize(vec3(0.6, 0.1, 0.75)))) * ambient;
  float bands = sin(d.x * 9.0 + d.z * 7.0) * sin(d.y * 8.0 + 1.0);
  return c * mix(0.45, 1.15, smoothstep(-0.25, 0.35, bands));
}
float fresnel(float cosine, float ior) {
  float f0 = pow((ior - 1.0) / (ior + 1.0), 2.0);
  return f0 + (1.0 - f0) * pow(1.0 - clamp(cosine, 0.0, 1.0), 5.0);
}
vec3 trace(vec3 p, vec3 n) {
  const float ior = 2.1;
  vec3 d = normalize(p - vEye);
  float f = fresnel(-dot(d, n), ior);
  vec3 colour = room(reflect(d, n)) * f * (1.0 - rough * 0.5);
  vec3 through = vec3(1.0 - f);
  vec3 absorb = -log(clamp(tint, 0.015, 0.995)) * density;
  d = refract(d, n, 1.0 / ior);
  for (int bounce = 0; bounce < 5; bounce++) {
    float t = 1e9;
    vec3 m = n;
    for (int i = 0; i < ${MAX_PLANES}; i++) {
      if (i >= planeCount) break;
      float along = dot(planes[i].xyz, d);
      if (along > 1e-4) {
        float hit = (planes[i].w - dot(planes[i].xyz, p)) / along;
        if (hit > 1e-3 && hit < t) { t = hit; m = planes[i].xyz; }
      }
    }
    if (t > 1e8) break;
    p += d * t;
    through *= exp(-absorb * t);
    vec3 leaving = refract(d, -m, ior);
    float reflected = dot(leaving, leaving) < 0.01 ? 1.0 : fresnel(dot(d, m), ior);
    if (reflected < 1.0) colour += through * (1.0 - reflected) * room(leaving);
    through *= reflected;
    if (max(max(through.r, through.g), through.b) < 0.03) break;
    d = reflect(d, m);
  }
  colour += through * tint * 0.35 * ambient;
  #ifdef TONE_MAPPING
  colour = toneMapping(colour);
  #endif
  return linearToOutputTexel(vec4(colour, 1.0)).rgb;
}
void main() {
  vec3 x = dFdx(vLocal);
  vec3 y = dFdy(vLocal);
  vec3 n = normalize(cross(x, y));
  if (dot(n, vLocal - vEye) > 0.0) n = -n;
  // What a stone shows changes faster than its outline: two rays a pixel.
  vec3 aside = x * 0.25 + y * 0.125;
  gl_FragColor = vec4((trace(vLocal + aside, n) + trace(vLocal - aside, n)) * 0.5, 1.0);
}`;

const pool: ShaderMaterial[] = [];
let used = 0;

/** Gives the materials of the last scene free for the next. */
export function releaseGems(): void {
  used = 0;
}

/** A material for one stone; programs are shared and materials reused between scenes. */
export function gemMaterial(
  cut: Cut,
  tint: Color,
  options: { density: number; rough: number; key: Vector3; keyColour: Color; ambient: number },
): ShaderMaterial {
  let material = pool[used++];
  if (material === undefined) {
    material = new ShaderMaterial({
      vertexShader: VERTEX,
      fragmentShader: FRAGMENT,
      uniforms: {
        planes: { value: Array.from({ length: MAX_PLANES }, () => new Vector4()) },
        planeCount: { value: 0 },
        tint: { value: new Color() },
        density: { value: 1 },
        rough: { value: 0 },
        keyDirection: { value: new Vector3() },
        keyColour: { value: new Color() },
        ambient: { value: 1 },
      },
    });
    pool.push(material);
  }
  const uniforms = material.uniforms;
  cut.planes.forEach((plane, i) => (uniforms["planes"]!.value as Vector4[])[i]!.copy(plane));
  uniforms["planeCount"]!.value = cut.planes.length;
  (uniforms["tint"]!.value as Color).copy(tint);
  uniforms["density"]!.value = options.density;
  uniforms["rough"]!.value = options.rough;
  (uniforms["keyDirection"]!.value as Vector3).copy(options.key).normalize();
  (uniforms["keyColour"]!.value as Color).copy(options.keyColour);
  uniforms["ambient"]!.value = options.ambient;
  return material;
}
