// A GPT from its parts, as minGPT has it: heads by view and transpose, a causal mask as a buffer, tied weights, groups with
// and without decay, a warm-up, sampling by top-k.
import type { Tensor } from "flambeau";
import type { Flambeau, Log } from "./program.ts";

const [VOCABULARY, BLOCK, WIDTH, HEADS] = [17, 10, 16, 2];

export default function run(fl: Flambeau, log: Log): void {
  const { nn } = fl;
  const F = nn.functional;
  class CausalSelfAttention extends nn.Module {
    c_attn = new nn.Linear(WIDTH, 3 * WIDTH);
    c_proj = new nn.Linear(WIDTH, WIDTH);
    attn_dropout = new nn.Dropout(0.1);
    declare bias: Tensor;
    constructor() {
      super();
      this.registerBuffer("bias", fl.tril(fl.ones(BLOCK, BLOCK)).view(1, 1, BLOCK, BLOCK), false);
    }
    forward(x: Tensor): Tensor {
      const [b, t, c] = x.shape as [number, number, number];
      const [q, k, v] = this.c_attn(x)
        .split(WIDTH, { dim: 2 })
        .map((part) => part.view(b, t, HEADS, c / HEADS).transpose(1, 2)) as [Tensor, Tensor, Tensor];
      let att = q.matmul(k.transpose(-2, -1)).mul(1 / Math.sqrt(k.size(-1)));
      att = att.maskedFill(this.bias.at(":", ":", `:${t}`, `:${t}`).eq(0), -Infinity);
      att = this.attn_dropout(F.softmax(att, { dim: -1 }));
      return this.c_proj(att.matmul(v).transpose(1, 2).contiguous().view(b, t, c));
    }
  }
  class Block extends nn.Module {
    ln_1 = new nn.LayerNorm(WIDTH);
    attn = new CausalSelfAttention();
    ln_2 = new nn.LayerNorm(WIDTH);
    mlp = new nn.ModuleDict({ c_fc: new nn.Linear(WIDTH, 4 * WIDTH), c_proj: new nn.Linear(4 * WIDTH, WIDTH) });
    forward(x: Tensor): Tensor {
      const y = x.add(this.attn(this.ln_1(x)));
      const h = F.gelu(this.mlp.get("c_fc")(this.ln_2(y)), { approximate: "tanh" });
      return y.add(this.mlp.get("c_proj")(h));
    }
  }
  class GPT extends nn.Module {
    wte = new nn.Embedding(VOCABULARY, WIDTH);
    wpe = new nn.Embedding(BLOCK, WIDTH);
    h = new nn.ModuleList(Array.from({ length: 2 }, () => new Block()));
    ln_f = new nn.LayerNorm(WIDTH);
    lm_head = new nn.Linear(WIDTH, VOCABULARY, { bias: false });
    constructor() {
      super();
      this.apply((m) => {
        if (m instanceof nn.Linear || m instanceof nn.Embedding) nn.init.normal_(m.weight, { mean: 0, std: 0.02 });
        if (m instanceof nn.Linear && m.bias !== null) nn.init.zeros_(m.bias);
      });
      this.lm_head.weight = this.wte.weight;
    }
    forward(idx: Tensor, targets?: Tensor): [logits: Tensor, loss: Tensor | null] {
      let x = this.wte(idx).add(this.wpe(fl.arange(0, idx.size(1)).unsqueeze(0)));
      for (const block of this.h) x = block(x);
      const logits = this.lm_head(this.ln_f(x));
      const loss = targets && F.crossEntropy(logits.view(-1, logits.size(-1)), targets.view(-1), { ignoreIndex: -1 });
      return [logits, loss ?? null];
    }
  }
  fl.manualSeed(1337);
  const model = new GPT();
  log(
    "parameters",
    [...model.parameters()].reduce((n, p) => n + p.numel(), 0),
  );
  log("keys", Object.keys(model.stateDict()).length);
  const named = [...model.namedParameters()];
  const optimizer = new fl.optim.AdamW(
    [
      { params: named.filter(([, p]) => p.dim() >= 2).map(([, p]) => p), weightDecay: 0.1 },
      { params: named.filter(([, p]) => p.dim() < 2).map(([, p]) => p), weightDecay: 0 },
    ],
    { lr: 1e-3, betas: [0.9, 0.95] },
  );
  const warmup = new fl.optim.lrScheduler.LambdaLR(optimizer, (step) => Math.min(1, (step + 1) / 3));
  const data = fl.arange(100).mul(7).remainder(VOCABULARY);
  for (let step = 0; step < 5; step++) {
    const starts = fl.randint(data.numel() - BLOCK, [4]);
    const at = (shift: number): Tensor =>
      fl.stack((starts.tolist() as number[]).map((i) => data.at(fl.slice(i + shift, i + shift + BLOCK))));
    const [, loss] = model(at(0), at(1));
    optimizer.zeroGrad();
    loss!.backward();
    nn.utils.clipGradNorm_(model.parameters(), 1);
    optimizer.step();
    warmup.step();
    log("loss", [loss!.item(), optimizer.paramGroups[0]!.lr]);
  }
  model.eval();
  let idx = fl.zeros(1, 1, { dtype: "int64" });
  fl.noGrad(() => {
    for (let i = 0; i < 8; i++) {
      const [logits] = model(idx);
      const last = logits.at(":", -1, ":").div(0.8);
      const { values } = fl.topk(last, 5);
      last.setAt([last.lt(values.at(":", [-1]))], -Infinity);
      idx = fl.cat([idx, fl.multinomial(F.softmax(last, -1), { numSamples: 1 })], { dim: 1 });
    }
  });
  log("written", idx);
}
