"""LPIPS and DISTS: against the papers' equations written place by place; files, blocks, real weights on real clips."""

import av
import numpy as np
import pytest
import torch
from PIL import ImageFilter
from safetensors.torch import save_file
from torch.nn import functional as F

from eeg2vid.schemas.errors import BadDataError, MissingPackageError
from eeg2vid.stages.pretrained import pairs
from eeg2vid.stages.pretrained.dists import Dists, L2Pool, load_dists
from eeg2vid.stages.pretrained.lpips import Lpips, load_lpips
from eeg2vid.stages.pretrained.pairs import all_pairs

RNG = np.random.default_rng(0)
CLIPS = RNG.integers(0, 256, (3, 2, 36, 44, 3), dtype=np.uint8)
VGG_POOLED = (2, 4, 7, 10)  # number of the convolution before which VGG16 pools


def randomised(model):
    """Give every weight a value that keeps activations alive; weights of heads at least 0."""
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(0)
        for name, values in model.state_dict().items():
            if name.startswith(("heads", "alpha", "beta")):
                values.uniform_(0, 1)
            else:
                values.normal_(0, 0.1 if values.ndim == 1 else (2 / values[0].numel()) ** 0.5)
    return model.eval().requires_grad_(False)


@pytest.fixture(scope="module")
def lpips():
    return randomised(Lpips())


@pytest.fixture(scope="module")
def dists():
    return randomised(Dists())


def pixels(picture):
    return torch.from_numpy(picture).permute(2, 0, 1)[None].double() / 255


def layers_of(model, picture, mean, std, kernels, pool):
    """Run the convolutions by hand, in float64; keep what stands before each pool, and the last."""
    values = (picture - torch.tensor(mean).reshape(3, 1, 1)) / torch.tensor(std).reshape(3, 1, 1)
    found = []
    for k, conv in enumerate(model.net.convs):
        if k in kernels["pooled"]:
            values = pool(values)
        stride, padding = kernels["steps"][k]
        values = F.conv2d(values, conv.weight.double(), conv.bias.double(), stride, padding).clamp(min=0)
        if k in kernels["kept"]:
            found.append(values[0].numpy())
    return found


VGG = {"pooled": VGG_POOLED, "steps": [(1, 1)] * 13, "kept": (1, 3, 6, 9, 12)}
ALEX = {"pooled": (1, 2), "steps": [(4, 2), (1, 2), (1, 1), (1, 1), (1, 1)], "kept": range(5)}


def by_hand_lpips(model, one, other, kernels, pool):
    """Equation 1 of Zhang et al., place by place."""
    mean, std = [-0.030, -0.088, -0.188], [0.458, 0.448, 0.450]
    sides = [layers_of(model, pixels(p) * 2 - 1, mean, std, kernels, pool) for p in (one, other)]
    total = 0.0
    for a, b, head in zip(*sides, model.heads, strict=True):
        weights = head.detach().double().numpy().ravel()
        height, width = a.shape[1:]
        for y in range(height):
            for x in range(width):
                u, v = (side[:, y, x] / (np.sqrt((side[:, y, x] ** 2).sum()) + 1e-10) for side in (a, b))
                total += float((weights * (u - v) ** 2).sum()) / (height * width)
    return total


def hanning_pool(values):
    """Root of the squares under a 3 x 3 Hanning window, every second place, zeros around."""
    line = np.hanning(5)[1:-1]
    window = np.outer(line, line) / np.outer(line, line).sum()
    padded = np.pad(values[0].numpy() ** 2, ((0, 0), (1, 1), (1, 1)))
    height, width = padded.shape[1:]
    rows = [
        [(padded[:, y : y + 3, x : x + 3] * window).sum(axis=(1, 2)) for x in range(0, width - 2, 2)]
        for y in range(0, height - 2, 2)
    ]
    return torch.from_numpy(np.sqrt(np.array(rows).transpose(2, 0, 1) + 1e-12))[None]


def by_hand_dists(model, one, other):
    """Equations 5 to 7 of Ding et al., channel by channel, numpy's own covariance."""
    mean, std = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
    sides = [[pixels(p)[0].numpy(), *layers_of(model, pixels(p), mean, std, VGG, hanning_pool)] for p in (one, other)]
    alpha, beta = (w.detach().double().numpy().ravel() for w in (model.alpha, model.beta))
    total, k = 0.0, 0
    for a, b in zip(*sides, strict=True):
        for x, y in zip(a, b, strict=True):
            (var_x, cov), (_, var_y) = np.cov(x.ravel(), y.ravel(), bias=True)
            total += alpha[k] * (2 * x.mean() * y.mean() + 1e-6) / (x.mean() ** 2 + y.mean() ** 2 + 1e-6)
            total += beta[k] * (2 * cov + 1e-6) / (var_x + var_y + 1e-6)
            k += 1
    return 1 - total / (alpha.sum() + beta.sum())


@pytest.mark.parametrize("vgg", [False, True])
def test_lpips_is_the_papers_equation(lpips, vgg):
    model = randomised(Lpips(vgg=True)) if vgg else lpips
    size, kernels = (2, VGG) if vgg else (3, ALEX)
    pictures = CLIPS[:2, :1]
    found = all_pairs(model, pictures, pictures)
    expected = by_hand_lpips(model, pictures[0, 0], pictures[1, 0], kernels, lambda x: F.max_pool2d(x, size, 2))
    assert found[0, 1] == pytest.approx(expected, rel=1e-4)


def test_dists_is_the_papers_equation(dists):
    pictures = CLIPS[:2, :1, :33, :40]  # an odd side, too
    found = all_pairs(dists, pictures, pictures)
    assert found[0, 1] == pytest.approx(by_hand_dists(dists, pictures[0, 0], pictures[1, 0]), abs=2e-6)


def test_the_pool_of_dists_is_a_hanning_window():
    values = torch.from_numpy(RNG.random((1, 2, 7, 8)))
    assert np.allclose(L2Pool()(values.float()), hanning_pool(values), atol=1e-6)


@pytest.mark.parametrize("name", ["lpips", "dists"])
def test_equal_clips_are_at_0_both_ways_alike_and_alone_alike(name, request, monkeypatch):
    model = request.getfixturevalue(name)
    found = all_pairs(model, CLIPS, CLIPS)
    assert found.dtype == np.float32 and np.abs(np.diag(found)).max() < 5e-6 and (found >= 0).all()
    assert np.allclose(found, found.T, atol=5e-6) and found[0, 1] > 1e-3
    frames = [all_pairs(model, CLIPS[:1, k : k + 1], CLIPS[1:, k : k + 1]) for k in range(2)]
    assert np.allclose(found[:1, 1:], np.mean(frames, axis=0), atol=5e-6)  # the mean over frames
    monkeypatch.setattr(pairs, "HELD_BYTES", 1)  # one decoded clip held, one picture seen at a time
    monkeypatch.setattr(pairs, "PASSING_BYTES", 1)
    assert np.allclose(all_pairs(model, CLIPS, CLIPS), found, atol=5e-6)


@pytest.mark.parametrize("name", ["lpips", "dists"])
def test_mixed_precision_is_close(name, request):
    model = request.getfixturevalue(name)
    mixed = all_pairs(model, CLIPS[:, :1], CLIPS[:, :1], precision="bfloat16")
    assert np.allclose(mixed, all_pairs(model, CLIPS[:, :1], CLIPS[:, :1]), rtol=0.05, atol=2e-3)


def test_squares_of_the_pool_are_never_cut_to_half_precision():
    values = torch.full((1, 1, 4, 4), 300.0)  # 300 squared is more than float16 holds
    with torch.autocast("cpu", dtype=torch.float16):
        found = L2Pool()(values)
    assert torch.isfinite(found).all() and float(found[0, 0, 1, 1]) == pytest.approx(300)


def test_larger_pictures_are_shrunk(lpips):
    small = all_pairs(lpips, CLIPS, CLIPS, shorter=32)
    assert not np.allclose(small, all_pairs(lpips, CLIPS, CLIPS), atol=1e-3)
    assert np.array_equal(all_pairs(lpips, CLIPS, CLIPS, shorter=36), all_pairs(lpips, CLIPS, CLIPS))


def test_clips_that_cannot_be_compared_are_refused(lpips):
    with pytest.raises(BadDataError, match="expected one"):
        all_pairs(lpips, CLIPS, CLIPS[:, :1])
    with pytest.raises(BadDataError, match="at least 32 px"):
        all_pairs(lpips, CLIPS[:, :, :31], CLIPS[:, :, :31])


# -- files ----------------------------------------------------------------------------------------


def as_flax(model, backbone):
    found = {}
    for name, values in model.state_dict().items():
        place, _, kind = name.removeprefix("net.").rpartition(".")
        if place.startswith("convs"):
            kernel = kind == "weight"
            found[f"{backbone}_0.Conv_{place[6:]}.{'kernel' if kernel else 'bias'}"] = (
                values.permute(2, 3, 1, 0).contiguous() if kernel else values
            )
        elif name.startswith("heads"):
            found[f"NetLinLayer_{kind}.Conv_0.kernel"] = values.permute(2, 3, 1, 0).contiguous()
    return found


def as_torch(model, places, prefix="features"):
    state = model.state_dict()
    found = {
        f"{prefix}.{place}.{kind}": state[f"net.convs.{k}.{kind}"]
        for k, place in enumerate(places)
        for kind in ("weight", "bias")
    }
    return found | {"classifier.6.weight": torch.zeros(2, 2)}


def equal(loaded, model):
    own = model.state_dict()
    return all(torch.equal(values, own[name]) for name, values in loaded.state_dict().items())


def test_lpips_is_read_from_files_of_both_worlds(lpips, tmp_path):
    file = tmp_path / "one" / "lpips.safetensors"
    file.parent.mkdir()
    save_file(as_flax(lpips, "AlexNet"), file)
    assert equal(load_lpips(file), lpips) and equal(load_lpips(file.parent), lpips)
    apart = tmp_path / "apart"  # torchvision's backbone, and the heads as `lpips` has them
    apart.mkdir()
    save_file(as_torch(lpips, (0, 3, 6, 8, 10)), apart / "alexnet.safetensors")
    heads = {f"lin{k}.model.1.weight": head.data for k, head in enumerate(lpips.heads)}
    save_file(heads | {"scaling_layer.shift": torch.zeros(1, 3, 1, 1)}, apart / "heads.safetensors")
    assert equal(load_lpips(apart), lpips)
    save_file(heads, apart / "twice.safetensors")
    with pytest.raises(BadDataError, match="is in another file of this folder"):
        load_lpips(apart)


def test_other_weights_of_lpips_are_refused(lpips, tmp_path):
    flax = as_flax(lpips, "AlexNet")
    file = tmp_path / "lpips.safetensors"
    for changed, said in (
        ({k: v for k, v in flax.items() if not k.startswith("NetLinLayer_4")}, r"is missing, the first is heads\.4"),
        ({**flax, "VGG16_0.Conv_9.bias": torch.zeros(3)}, r"of no such model, the first is net\..*VGG16_0|VGG16_0"),
        ({**flax, "NetLinLayer_0.Conv_0.kernel": torch.zeros(1, 1, 63, 1)}, "(has|have) another shape"),
        ({**flax, "AlexNet_0.Conv_0.bias": torch.full((64,), torch.inf)}, "not finite"),
        ({**flax, "NetLinLayer_2.Conv_0.kernel": torch.full((1, 1, 384, 1), -0.1)}, "head 2 of LPIPS .* below zero"),
    ):
        save_file(changed, file)
        with pytest.raises(BadDataError, match=said):
            load_lpips(file)
    with pytest.raises(MissingPackageError, match=r"no \.safetensors file"):
        load_lpips(tmp_path / "nowhere")


def test_dists_is_read_from_a_backbone_and_its_weights(dists, tmp_path):
    places = (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)
    save_file(as_torch(dists, places), tmp_path / "vgg16.safetensors")
    with pytest.raises(BadDataError, match="2 weights of DISTS are missing, the first is alpha"):
        load_dists(tmp_path)
    save_file({"alpha": dists.alpha.data, "beta": dists.beta.data}, tmp_path / "dists.safetensors")
    assert equal(load_dists(tmp_path), dists)
    save_file({"alpha": -dists.alpha.data, "beta": dists.beta.data}, tmp_path / "dists.safetensors")
    with pytest.raises(BadDataError, match="`alpha` and `beta`"):
        load_dists(tmp_path)


# -- real weights, real clips ---------------------------------------------------------------------


@pytest.mark.realdata
def test_real_lpips_orders_real_clips(shared_data):
    """Two clips, 512 x 288 px, one frame each; measured 2026-11-28: .74 apart, .42 and .40 when blurred by 3 px."""
    model = load_lpips(shared_data / "weights" / "lpips-alexnet-v0.1.safetensors")
    clips, blurred = [], []
    for name in ("asl-again.mkv", "person-bicycle-car-detection.gif"):
        with av.open(str(shared_data / "clips" / "intel-samples" / name)) as container:
            frames = [one.to_image() for one in container.decode(video=0)]
        picture = frames[len(frames) // 4].resize((512, 288))
        clips.append([np.asarray(picture)])
        blurred.append([np.asarray(picture.filter(ImageFilter.GaussianBlur(3)))])
    true, soft = np.array(clips), np.array(blurred)
    found, own = all_pairs(model, true, true), np.diag(all_pairs(model, soft, true))
    assert np.abs(np.diag(found)).max() < 5e-6 and np.allclose(found, found.T, atol=1e-6)
    assert found[0, 1] == pytest.approx(0.74, abs=0.02) and own == pytest.approx([0.42, 0.40], abs=0.02)
