// The network of the digits: `npm start` trains it, the apps in web, edge and serve use it.
import type { Tensor } from "flambeau";
import { nn } from "flambeau";

const [MEAN, DEVIATION] = [0.1307, 0.3081]; // of the training images' pixels

/** LeNet-5 with rectifiers, 61,706 parameters. It takes grey images of 0 to 1, `[n, 1, 28, 28]`. */
export class LeNet extends nn.Module {
  conv1: nn.Conv2d = new nn.Conv2d(1, 6, 5, { padding: 2 });
  conv2: nn.Conv2d = new nn.Conv2d(6, 16, 5);
  pool: nn.MaxPool2d = new nn.MaxPool2d(2);
  fc1: nn.Linear = new nn.Linear(400, 120);
  fc2: nn.Linear = new nn.Linear(120, 84);
  fc3: nn.Linear = new nn.Linear(84, 10);

  forward(images: Tensor): Tensor {
    let x = images.sub(MEAN).div(DEVIATION);
    x = this.pool(this.conv1(x)).relu(); // [n, 6, 14, 14]
    x = this.pool(this.conv2(x)).relu(); // [n, 16, 5, 5]
    x = this.fc1(x.flatten(1)).relu();
    x = this.fc2(x).relu();
    return this.fc3(x); // [n, 10]
  }
}
