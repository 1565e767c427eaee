import { CylinderGeometry, TorusGeometry, Vector3 } from "three";
import { place, type Kit } from "../kit.ts";
import { mix, noise, smooth, surface, tube } from "../shapes.ts";
import { belt, buttons, collar, sleeves, trunk, SHOULDER, NECK, WAIST } from "./garment.ts";

/** One builder per family of the catalogue. */
export const GARMENTS: Readonly<Record<string, (kit: Kit) => void>> = {
  dress(kit) {
    const hem = kit.shape(0, 0.55, 1.0);
    const wide = kit.shape(1, 0.62, 0.95);
    trunk(
      kit,
      [
        [hem, wide, wide * 0.8],
        [mix(hem, WAIST, 0.5), wide * 0.72, wide * 0.56],
        [WAIST, 0.31, 0.25],
        [1.95, 0.42, 0.3],
        [2.2, 0.42, 0.24],
        [SHOULDER + 0.02, 0.32, 0.19],
        [NECK, 0.19, 0.16],
      ],
      { count: 7 + Math.round(kit.shape(2, 0, 6)), hem: 0.13, waist: 0.01 },
      { seed: 2 },
    );
    sleeves(kit, kit.shape(3, 0.3, 0.62), 0.17, kit.shape(4, 0.14, 0.24), 0.55);
    if (kit.identity.shape[5]! > 0.4) belt(kit, WAIST, 0.31, 0.25);
    collar(kit, kit.identity.shape[6]!);
  },
  gown(kit) {
    const wide = kit.shape(1, 0.7, 1.1);
    trunk(
      kit,
      [
        [0.06, wide, wide * 0.85],
        [0.6, wide * 0.62, wide * 0.52],
        [1.2, 0.4, 0.33],
        [WAIST, 0.29, 0.24],
        [1.92, 0.4, 0.3],
        [2.1, 0.4, 0.26],
        [2.17, 0.38, 0.23],
      ],
      { count: 9 + Math.round(kit.shape(2, 0, 5)), hem: 0.14, waist: 0.012 },
      { seed: 4 },
    );
    for (const side of [-1, 1])
      kit.add(
        "accent",
        "trim",
        tube(
          [
            new Vector3(side * 0.24, 2.14, 0.2),
            new Vector3(side * 0.22, 2.34, 0.08),
            new Vector3(side * 0.2, 2.2, -0.16),
          ],
          0.03,
          { flat: 0.4 },
        ),
      );
    belt(kit, WAIST, 0.29, 0.24, 0.09);
    if (kit.identity.shape[3]! > 0.5)
      trunk(
        kit,
        [
          [0.75, wide * 0.72, wide * 0.62],
          [1.2, 0.46, 0.38],
          [WAIST, 0.31, 0.26],
        ],
        { count: 8, hem: 0.16, waist: 0.02 },
        { seed: 9 },
      );
  },
  shirt(kit) {
    const hem = kit.shape(0, 1.05, 1.25);
    trunk(
      kit,
      [
        [hem, 0.5, 0.33],
        [WAIST, 0.44, 0.3],
        [1.95, 0.48, 0.3],
        [2.2, 0.45, 0.24],
        [SHOULDER + 0.02, 0.34, 0.19],
        [NECK, 0.19, 0.16],
      ],
      { count: 5, hem: 0.06, waist: 0.02 },
      { seed: 6 },
    );
    sleeves(
      kit,
      kit.identity.shape[3]! > 0.45 ? kit.shape(4, 0.95, 1.15) : 0.4,
      0.18,
      kit.identity.shape[3]! > 0.45 ? 0.11 : 0.19,
      kit.shape(5, 0.28, 0.5),
    );
    kit.add(
      "accent",
      "trim",
      surface(4, 20, (u, v) => {
        const y = mix(hem + 0.03, NECK - 0.08, v);
        return [(u - 0.5) * 0.1, y, mix(0.35, 0.17, smooth(1.95, NECK, y)) + 0.005 + 0.02 * Math.sin(v * 3)];
      }),
    );
    buttons(kit, hem + 0.15, NECK - 0.2, 6, (y) => mix(0.36, 0.18, smooth(1.95, NECK, y)));
    collar(kit, 0.5);
  },
  sweater(kit) {
    const hem = kit.shape(0, 1.15, 1.35);
    trunk(
      kit,
      [
        [hem, 0.44, 0.32],
        [hem + 0.1, 0.52, 0.38],
        [1.85, 0.54, 0.36],
        [2.15, 0.5, 0.28],
        [SHOULDER + 0.03, 0.36, 0.21],
        [NECK, 0.2, 0.17],
      ],
      { count: 4, hem: 0.03, waist: 0.03 },
      { seed: 8 },
    );
    sleeves(kit, kit.shape(3, 0.9, 1.1), 0.22, 0.13, kit.shape(4, 0.3, 0.5), 0.44);
    kit.add(
      "accent",
      "trim",
      surface(
        60,
        6,
        (u, v) => {
          const a = (u - 0.5) * Math.PI * 2;
          const s = 1.01 + 0.012 * Math.sin(a * 40);
          return [Math.sin(a) * 0.45 * s, hem - 0.07 + v * 0.16, Math.cos(a) * 0.33 * s];
        },
        { closed: true },
      ),
    );
    collar(kit, kit.identity.shape[5]! > 0.5 ? 0.9 : 0.1);
  },
  coat(kit) {
    const hem = kit.shape(0, 0.5, 0.95);
    trunk(
      kit,
      [
        [hem, 0.62, 0.44],
        [WAIST, 0.42, 0.32],
        [1.95, 0.5, 0.33],
        [2.2, 0.48, 0.26],
        [SHOULDER + 0.03, 0.36, 0.2],
        [NECK, 0.2, 0.16],
      ],
      { count: 6, hem: 0.06, waist: 0.015 },
      { seed: 12, open: 0.12 },
    );
    sleeves(kit, kit.shape(3, 1.0, 1.15), 0.2, 0.14, kit.shape(4, 0.22, 0.36), 0.45);
    for (const side of [-1, 1]) {
      kit.add(
        "accent",
        "trim",
        surface(
          8,
          16,
          (u, v) => [
            side * (0.02 + u * 0.2 * Math.sin(Math.min(1, v * 1.25) * 2.2 + 0.3)),
            mix(WAIST + 0.12, NECK, v),
            mix(0.36, 0.17, v) + 0.03 * (1 - u),
          ],
          { flip: side < 0 },
        ),
      );
      kit.add(
        "accent",
        "trim",
        surface(6, 4, (u, v) => [side * (0.2 + u * 0.2), 1.3 + v * 0.1, 0.4 - u * 0.09]),
      );
    }
    for (const x of kit.identity.shape[5]! > 0.5 ? [-0.09, 0.09] : [0.05])
      for (let i = 0; i < 4; i++)
        kit.add(
          "dark",
          "trim",
          new CylinderGeometry(0.045, 0.045, 0.03, 13),
          place(x, mix(1.05, 1.62, i / 3), 0.4 - i * 0.015, [Math.PI / 2, 0, 0]),
        );
    if (kit.identity.shape[6]! > 0.5) belt(kit, WAIST, 0.42, 0.32);
  },
  kimono(kit) {
    const hem = kit.shape(0, 0.4, 0.8);
    trunk(
      kit,
      [
        [hem, 0.52, 0.36],
        [WAIST, 0.42, 0.3],
        [1.95, 0.48, 0.3],
        [2.2, 0.48, 0.24],
        [SHOULDER + 0.02, 0.38, 0.18],
        [NECK - 0.02, 0.2, 0.15],
      ],
      { count: 5, hem: 0.04, waist: 0.012 },
      { seed: 14 },
    );
    for (const side of [-1, 1]) {
      kit.add(
        "body",
        "sleeves",
        surface(
          24,
          20,
          (u, v) => {
            const a = u * Math.PI * 2;
            const x = 0.36 + v * kit.shape(3, 0.55, 0.75);
            const deep = mix(0.2, kit.shape(4, 0.34, 0.55), v);
            return [
              side * x,
              2.12 - deep * 0.6 - v * 0.24 + Math.cos(a) * deep,
              Math.sin(a) * 0.09 * (1 + 0.3 * noise(u * 9, v * 4, 3)),
            ];
          },
          { closed: true, flip: side > 0, repeat: [1.4, 0.8], inside: "ends" },
        ),
      );
      kit.add(
        "accent",
        "trim",
        surface(6, 28, (u, v) => {
          const t = v;
          return [
            side * (0.18 - t * 0.2) + (u - 0.5) * 0.12,
            mix(NECK - 0.02, WAIST - 0.05, t),
            mix(0.15, 0.31, smooth(0, 0.5, t)) + 0.02 + 0.004 * side,
          ];
        }),
      );
    }
    belt(kit, WAIST, 0.43, 0.31, 0.32);
    kit.add(
      "dark",
      "trim",
      tube([new Vector3(-0.4, WAIST, 0.2), new Vector3(0, WAIST, 0.36), new Vector3(0.4, WAIST, 0.2)], 0.02),
    );
  },
  skirt(kit) {
    const hem = kit.shape(0, 0.6, 1.2);
    const wide = kit.shape(1, 0.75, 1.15);
    trunk(
      kit,
      [
        [hem, wide, wide * 0.84],
        [mix(hem, 2, 0.55), wide * 0.66, wide * 0.55],
        [2.0, 0.42, 0.34],
        [2.1, 0.4, 0.31],
      ],
      { count: 9 + Math.round(kit.shape(2, 0, 8)), hem: kit.shape(3, 0.1, 0.17), waist: 0.02 },
      { seed: 18 },
    );
    belt(kit, 2.08, 0.41, 0.32, 0.16);
    if (kit.identity.shape[4]! > 0.5)
      trunk(
        kit,
        [
          [mix(hem, 2, 0.45), wide * 0.82, wide * 0.7],
          [1.8, 0.52, 0.42],
          [2.05, 0.42, 0.33],
        ],
        { count: 11, hem: 0.14, waist: 0.02 },
        { seed: 20 },
      );
  },
  trousers(kit) {
    const hem = kit.shape(0, 0.3, 0.7);
    const foot = kit.shape(1, 0.15, 0.34);
    for (const side of [-1, 1])
      trunk(
        kit,
        [
          [hem, foot, foot * 0.9],
          [1.0, mix(foot, 0.22, 0.6), 0.2],
          [1.6, 0.25, 0.25],
          [1.8, 0.22, 0.27],
        ],
        { count: 4, hem: 0.06, waist: 0.02 },
        { seed: 22 + side, x: side * 0.24 },
      );
    trunk(
      kit,
      [
        [1.6, 0.44, 0.26],
        [1.75, 0.48, 0.3],
        [1.95, 0.44, 0.3],
        [2.1, 0.4, 0.28],
      ],
      { count: 3, hem: 0.01, waist: 0.01 },
      { seed: 25 },
    );
    belt(kit, 2.07, 0.4, 0.28);
    kit.add("metal", "trim", new TorusGeometry(0.06, 0.016, 6, 4), place(0, 2.07, 0.31, [0, 0, Math.PI / 4]));
    for (const side of [-1, 1])
      kit.add(
        "accent",
        "trim",
        tube(
          [
            new Vector3(side * 0.22, 2.0, 0.29),
            new Vector3(side * 0.36, 1.92, 0.22),
            new Vector3(side * 0.44, 1.8, 0.08),
          ],
          0.014,
          { rows: 11, columns: 6 },
        ),
      );
  },
};
