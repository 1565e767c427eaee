import type { ReviewTask } from "./review-task.ts";

/** A page for one reviewer: picture, alt text, caption, accept or reject with a reason; verdicts stay in the browser and are saved as JSONL. Needs no server. */
export function renderReviewPage(tasks: readonly ReviewTask[]): string {
  const data = JSON.stringify(tasks).replaceAll("<", "\\u003c");
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>MoodArchive review</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 1rem auto; padding: 0 1rem; }
  img { max-width: 100%; max-height: 60vh; display: block; margin: auto; }
  button { font: inherit; padding: .5rem 1rem; }
  #reasons button { margin: .25rem; }
  small { color: #555; }
</style>
<label>Your name <input id="reviewer" required autocomplete="off"></label> <span id="place"></span>
<main><img id="picture" alt=""><p id="caption"></p><p><b id="emotion"></b> <small id="alt"></small></p><small id="source"></small></main>
<p><button id="accept" accesskey="a">Accept (A)</button> reject because
<span id="reasons"></span> <input id="other" placeholder="another reason, then Enter"></p>
<p><button id="back">Back</button> <button id="save">Save verdicts</button></p>
<script>
const tasks = ${data};
const reasons = ["emotion does not fit", "caption is wrong", "not a real picture of its context", "poor quality", "not safe", "shows a private person"];
const $ = (id) => document.getElementById(id);
const store = JSON.parse(localStorage.getItem("moodarchive-review") ?? "{}");
let at = Math.max(0, tasks.findIndex((task) => !store[task.id]));
function show() {
  const task = tasks[at];
  $("place").textContent = task ? (at + 1) + " of " + tasks.length : "done: save your verdicts";
  document.querySelector("main").hidden = !task;
  if (!task) return;
  $("picture").src = task.picture;
  $("picture").alt = task.alt || task.emotion;
  $("caption").textContent = task.caption;
  $("emotion").textContent = task.emotion + ", " + task.context;
  $("alt").textContent = task.alt;
  $("source").textContent = task.attribution || task.uri;
}
function judge(verdict, reason) {
  if (!$("reviewer").reportValidity() || !tasks[at]) return;
  store[tasks[at].id] = { id: tasks[at].id, reviewer: $("reviewer").value.trim(), verdict, reason };
  localStorage.setItem("moodarchive-review", JSON.stringify(store));
  at++;
  show();
}
for (const reason of reasons) {
  const button = document.createElement("button");
  button.textContent = reason;
  button.onclick = () => judge("reject", reason);
  $("reasons").append(button);
}
$("accept").onclick = () => judge("accept", "");
$("other").onkeydown = (event) => { if (event.key === "Enter" && event.target.value.trim()) { judge("reject", event.target.value.trim()); event.target.value = ""; } };
$("back").onclick = () => { at = Math.max(0, at - 1); show(); };
$("save").onclick = () => {
  const text = Object.values(store).map((verdict) => JSON.stringify(verdict) + "\\n").join("");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/jsonl" }));
  link.download = "verdicts-" + $("reviewer").value.trim() + ".jsonl";
  link.click();
};
show();
</script>
</html>
`;
}
