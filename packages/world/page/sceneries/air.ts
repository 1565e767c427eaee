import { BackSide, Color, Mesh, ShaderMaterial, SphereGeometry, Vector3 } from "three";
import type { SceneryScene } from "../../src/sceneries/scene.ts";

/** The light of an hour under a weather, tinted by a mood. */
export interface Air {
  readonly top: Color;
  readonly horizon: Color;
  readonly sun: Color;
  readonly towardsSun: Vector3;
  readonly key: number;
  readonly ambient: number;
  readonly clouds: number;
  readonly stars: number;
  readonly fogNear: number;
  readonly fogFar: number;
  readonly night: boolean;
}

type Hour = readonly [top: string, horizon: string, sun: string, elevation: number, key: number, ambient: number];

const HOURS: Readonly<Record<string, Hour>> = {
  dawn: ["#5a7fb5", "#ffcba4", "#ffd0ad", 0.2, 1.8, 0.8],
  morning: ["#4f93d8", "#d6eaf6", "#fff0d2", 0.5, 2.8, 0.9],
  noon: ["#3f86d6", "#c8e3f5", "#fff9ee", 0.95, 3, 1],
  golden: ["#6a86b0", "#ffc877", "#ffc894", 0.24, 2.2, 0.8],
  dusk: ["#2b3566", "#ea8a63", "#ffab86", 0.12, 1.3, 0.62],
  night: ["#070b1e", "#22325a", "#a9bfe8", 0.62, 0.7, 0.3],
  overcast: ["#8d959d", "#c6cacd", "#ffffff", 0.9, 0.8, 0.95],
  storm: ["#343b46", "#6f777d", "#dfe6ee", 0.7, 0.6, 0.6],
};

/** Cloud cover, and where fog begins and closes, by weather. */
const WEATHERS: Readonly<Record<string, readonly [clouds: number, near: number, far: number]>> = {
  clear: [0.12, 40, 150],
  clouds: [0.5, 35, 130],
  mist: [0.5, 4, 34],
  haze: [0.35, 6, 60],
  drizzle: [0.85, 12, 70],
  rain: [1, 10, 60],
  snow: [0.9, 8, 50],
  storm: [1, 20, 90],
  lightning: [0.95, 25, 110],
  rainbow: [0.45, 35, 130],
  stars: [0.05, 40, 150],
  smoke: [0.9, 6, 45],
  petals: [0.25, 35, 130],
};

/** Works out the air of a scene. */
export function readAir({ identity, mood }: SceneryScene): Air {
  const [top, horizon, sun, elevation, key, ambient] = HOURS[mood.time] ?? HOURS["noon"]!;
  const [clouds, near, far] = WEATHERS[mood.weather] ?? WEATHERS["clear"]!;
  const night = mood.time === "night" || (mood.weather === "stars" && mood.time === "dusk");
  const tint = new Color(`#${mood.tint[1]}`);
  const strength = mood.tintStrength;
  const grey = new Color("#9aa0a6").multiplyScalar(night ? 0.16 : mood.time === "storm" ? 0.5 : 0.85);
  const cover = Math.max(0, clouds - 0.45) * 1.3;
  const topColour = new Color(top).lerp(grey, cover * 0.7).lerp(tint, strength * 0.55);
  const horizonColour = new Color(horizon)
    .lerp(grey, cover * 0.45)
    .lerp(tint.clone().lerp(new Color(horizon), 0.35), strength);
  if (mood.weather === "haze") horizonColour.lerp(new Color("#b7a878"), night ? 0.1 : 0.35);
  if (mood.weather === "smoke") horizonColour.lerp(new Color("#4a3f3a"), 0.55);
  const open = 1 - 0.75 * cover;
  const across = Math.cos(elevation);
  return {
    top: topColour,
    horizon: horizonColour,
    sun: new Color(sun).lerp(tint, strength * 0.35),
    towardsSun: new Vector3(
      Math.sin(identity.bearing) * across,
      Math.sin(elevation),
      -Math.cos(identity.bearing) * across * (elevation < 0.3 ? 1 : -0.45),
    ).normalize(),
    key: key * open,
    ambient: ambient * (0.85 + 0.15 * open),
    clouds: clouds * (0.5 + 0.5 * mood.amount),
    stars: night ? (mood.weather === "stars" ? 1 : 0.55 * (1 - clouds)) : mood.weather === "stars" ? 0.4 : 0,
    fogNear: near,
    fogFar: far / (mood.weather === "mist" || mood.weather === "smoke" ? 0.6 + 0.4 * mood.amount : 1),
    night,
  };
}

const sky = new ShaderMaterial({
  side: BackSide,
  depthWrite: false,
  uniforms: {
    top: { value: new Color() },
    horizon: { value: new Color() },
    sun: { value: new Color() },
    towardsSun: { value: new Vector3() },
    clouds: { value: 0 },
    stars: { value: 0 },
    drift: { value: 0 },
    night: { value: 0 },
  },
  vertexShader:
    "varying vec3 vDirection; void main() { vDirection = position; gl_Position = projectionMatrix * modelViewMatrix * vec4(position, 1.0); }",
  fragmentShader: /* glsl */ `
uniform vec3 top, horizon, sun, towardsSun;
uniform float clouds, stars, drift, night;
varying vec3 vDirection;
float hash(vec2 p) { return fract(sin(dot(p, vec2(127.1, 311.7))) * 43758.5453); }
float noise(vec2 p) {
  vec2 i = floor(p), f = fract(p);
  f = f * f * (3.0 - 2.0 * f);
  return mix(mix(hash(i), hash(i + vec2(1, 0)), f.x), mix(hash(i + vec2(0, 1)), hash(i + vec2(1, 1)), f.x), f.y);
}
float fbm(vec2 p) {
  float sum = 0.0, weight = 0.5;
  for (int i = 0; i < 5; i++) { sum += noise(p) * weight; p = p * 2.03 + 17.0; weight *= 0.5; }
  return sum;
}
void main() {
  vec3 d = normalize(vDirection);
  float up = max(d.y, 0.0);
  vec3 colour = mix(horizon, top, pow(smoothstep(0.0, 0.75, up), 0.6));
  float near = max(dot(d, towardsSun), 0.0);
  colour += sun * (pow(near, 8.0) * 0.22 + pow(near, 40.0) * 0.35) * (1.0 - night * 0.75);
  colour = mix(colour, sun * mix(2.2, 1.3, night), smoothstep(mix(0.9985, 0.9991, night), mix(0.9992, 0.9996, night), near) * (1.0 - clouds * 0.8));
  if (stars > 0.0) {
    vec2 cell = vec2(atan(d.x, d.z) * 60.0, d.y * 90.0);
    float lit = step(1.0 - 0.045 * stars, hash(floor(cell)));
    float spot = smoothstep(0.5, 0.1, length(fract(cell) - 0.5));
    colour += vec3(0.9, 0.95, 1.0) * lit * spot * stars * smoothstep(0.02, 0.2, up) * (0.5 + hash(floor(cell) + 3.0));
  }
  if (clouds > 0.02) {
    vec2 p = d.xz / (d.y + 0.16) * 1.15 + drift;
    float body = fbm(p + fbm(p * 0.7) * 0.5);
    float cover = smoothstep(0.72 - clouds * 0.45, 0.92 - clouds * 0.35, body + 0.12);
    float lightness = smoothstep(0.3, 0.9, fbm(p * 1.4 + towardsSun.xz * 0.25));
    vec3 dark = mix(horizon, top, 0.3) * mix(0.95, 0.5, clouds * clouds);
    vec3 pale = mix(horizon, vec3(1.0), 0.65) * mix(1.12, 0.3, night) * mix(1.0, 0.78, clouds);
    vec3 cloud = mix(dark, pale, lightness) + sun * pow(near, 5.0) * 0.25;
    colour = mix(colour, cloud, cover * smoothstep(0.0, 0.14, d.y) * 0.92);
  }
  gl_FragColor = vec4(colour, 1.0);
  #include <tonemapping_fragment>
  #include <colorspace_fragment>
}`,
});

/** The dome of the sky. */
export function buildSky(scene: SceneryScene, air: Air): Mesh {
  const u = sky.uniforms;
  (u["top"]!.value as Color).copy(air.top);
  (u["horizon"]!.value as Color).copy(air.horizon);
  (u["sun"]!.value as Color).copy(air.sun);
  (u["towardsSun"]!.value as Vector3).copy(air.towardsSun);
  u["clouds"]!.value = air.clouds;
  u["stars"]!.value = air.stars;
  u["drift"]!.value = (scene.identity.layout % 97) / 7;
  u["night"]!.value = air.night ? 1 : 0;
  const dome = new Mesh(new SphereGeometry(70, 48, 32), sky);
  dome.renderOrder = -10;
  dome.userData["part"] = "sky";
  return dome;
}

const water = new ShaderMaterial({
  uniforms: {
    top: { value: new Color() },
    horizon: { value: new Color() },
    sun: { value: new Color() },
    towardsSun: { value: new Vector3() },
    deep: { value: new Color() },
    chop: { value: 1 },
    fog: { value: new Vector3() },
  },
  vertexShader:
    "varying vec3 vWorld; void main() { vec4 w = modelMatrix * vec4(position, 1.0); vWorld = w.xyz; gl_Position = projectionMatrix * viewMatrix * w; }",
  fragmentShader: /* glsl */ `
uniform vec3 top, horizon, sun, towardsSun, deep, fog;
uniform float chop;
varying vec3 vWorld;
float hash(vec2 p) { return fract(sin(dot(p, vec2(127.1, 311.7))) * 43758.5453); }
float noise(vec2 p) {
  vec2 i = floor(p), f = fract(p);
  f = f * f * (3.0 - 2.0 * f);
  return mix(mix(hash(i), hash(i + vec2(1, 0)), f.x), mix(hash(i + vec2(0, 1)), hash(i + vec2(1, 1)), f.x), f.y);
}
void main() {
  vec3 view = vWorld - cameraPosition;
  float distance = length(view);
  vec3 d = view / distance;
  vec2 p = vWorld.xz * vec2(0.8, 2.2);
  float calm = 1.0 / (1.0 + distance * 0.06);
  float e = 0.08;
  float h = noise(p) + 0.5 * noise(p * 2.3 + 7.0);
  vec2 slope = vec2(noise(p + vec2(e, 0)) + 0.5 * noise(p * 2.3 + 7.0 + vec2(e * 2.3, 0)) - h, noise(p + vec2(0, e)) + 0.5 * noise(p * 2.3 + 7.0 + vec2(0, e * 2.3)) - h) / e;
  vec3 n = normalize(vec3(slope.x * 0.10 * chop * calm, 1.0, slope.y * 0.10 * chop * calm));
  vec3 r = reflect(d, n);
  float up = max(r.y, 0.0);
  vec3 mirror = mix(horizon, top, pow(smoothstep(0.0, 0.75, up), 0.6));
  float fresnel = 0.06 + 0.94 * pow(1.0 - max(dot(-d, n), 0.0), 5.0);
  vec3 colour = mix(deep, mirror, clamp(fresnel * 0.9 + 0.12, 0.0, 1.0));
  colour += sun * pow(max(dot(r, towardsSun), 0.0), 120.0) * 1.6;
  colour = mix(colour, horizon, smoothstep(fog.x, fog.y, distance));
  gl_FragColor = vec4(colour, 1.0);
  #include <tonemapping_fragment>
  #include <colorspace_fragment>
}`,
});

/** The material of open water under an air; `chop` 0 calm .. 2 rough. */
export function waterMaterial(air: Air, chop: number, deep: Color): ShaderMaterial {
  const u = water.uniforms;
  (u["top"]!.value as Color).copy(air.top);
  (u["horizon"]!.value as Color).copy(air.horizon);
  (u["sun"]!.value as Color).copy(air.sun).multiplyScalar(air.night ? 0.5 : 1);
  (u["towardsSun"]!.value as Vector3).copy(air.towardsSun);
  (u["deep"]!.value as Color).copy(deep).multiplyScalar(air.night ? 0.25 : 0.4 + 0.6 * Math.min(1, air.key / 2));
  u["chop"]!.value = chop;
  (u["fog"]!.value as Vector3).set(air.fogNear, air.fogFar, 0);
  return water;
}
