/**
 * Reads the framebuffer that is drawn into, `size` x `size` RGBA bytes with rows upwards, as it will be once all that has been asked for is drawn. The page does
 * not wait for that: it may prepare and ask for the next picture meanwhile.
 */
export async function readBack(gl: WebGL2RenderingContext, size: number): Promise<Uint8Array> {
  const buffer = gl.createBuffer();
  gl.bindBuffer(gl.PIXEL_PACK_BUFFER, buffer);
  gl.bufferData(gl.PIXEL_PACK_BUFFER, size * size * 4, gl.STREAM_READ);
  gl.readPixels(0, 0, size, size, gl.RGBA, gl.UNSIGNED_BYTE, 0);
  gl.bindBuffer(gl.PIXEL_PACK_BUFFER, null);
  const drawn = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0)!;
  gl.flush();
  for (;;) {
    const state = gl.clientWaitSync(drawn, 0, 0);
    if (state === gl.WAIT_FAILED) throw new Error("the browser lost its drawing context");
    if (state !== gl.TIMEOUT_EXPIRED) break;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  gl.deleteSync(drawn);
  const bytes = new Uint8Array(size * size * 4);
  gl.bindBuffer(gl.PIXEL_PACK_BUFFER, buffer);
  gl.getBufferSubData(gl.PIXEL_PACK_BUFFER, 0, bytes);
  gl.bindBuffer(gl.PIXEL_PACK_BUFFER, null);
  gl.deleteBuffer(buffer);
  return bytes;
}
