"""Names as people, vendors, Kubernetes and clouds write them mean the usual form of today's accelerators."""

from __future__ import annotations

import pytest

from fleets import catalog
from fleets.errors import UnknownName

SPELLINGS = {
    # everyday
    "H100": "h100-sxm", "h100": "h100-sxm", "H100 SXM": "h100-sxm", "H100 80GB": "h100-sxm", "H100-SXM5": "h100-sxm",
    "H100 PCIe": "h100-pcie", "H100 NVL": "h100-nvl", "A100": "a100-80gb-sxm", "A100 80GB": "a100-80gb-sxm",
    "A100-40GB": "a100-40gb-sxm", "A100 PCIe": "a100-80gb-pcie", "H200": "h200-sxm", "H20": "h20-sxm",
    "H800": "h800-sxm", "V100": "v100-32gb-sxm", "B200": "b200-sxm", "B300": "b300-sxm", "GB200": "gb200-nvl72",
    "GB200 NVL72": "gb200-nvl72", "GB300": "gb300-nvl72", "GH200": "gh200-96gb", "L4": "l4", "L40S": "l40s", "T4": "t4",
    "A10G": "a10g", "A30": "a30", "RTX 4090": "rtx-4090", "RTX PRO 6000": "rtx-pro-6000-server", "MI300X": "mi300x",
    "MI325X": "mi325x", "MI355X": "mi355x", "TPU v5e": "tpu-v5e", "TPU_v4": "tpu-v4", "TPUv5p": "tpu-v5p",
    "Trillium": "tpu-v6e", "Ironwood": "tpu-v7", "Trainium2": "trainium2", "Gaudi 3": "gaudi3",
    "DGX H100": "h100-sxm", "HGX H200": "h200-sxm", "HGX-B200": "b200-sxm",
    # nvidia-smi and the label nvidia.com/gpu.product
    "NVIDIA H100 80GB HBM3": "h100-sxm", "NVIDIA-H100-80GB-HBM3": "h100-sxm", "NVIDIA H100 PCIe": "h100-pcie",
    "NVIDIA-H100-NVL": "h100-nvl", "NVIDIA H200": "h200-sxm", "NVIDIA-A100-SXM4-80GB": "a100-80gb-sxm",
    "NVIDIA-A100-SXM4-40GB": "a100-40gb-sxm", "NVIDIA A100 80GB PCIe": "a100-80gb-pcie", "NVIDIA-L40S": "l40s",
    "NVIDIA L4": "l4", "Tesla-T4": "t4", "Tesla V100-SXM2-32GB": "v100-32gb-sxm", "NVIDIA B200": "b200-sxm",
    "NVIDIA H20": "h20-sxm", "NVIDIA GH200 480GB": "gh200-96gb", "NVIDIA GeForce RTX 4090": "rtx-4090",
    "NVIDIA RTX PRO 6000 Blackwell Server Edition": "rtx-pro-6000-server", "NVIDIA B300 SXM6 AC": "b300-sxm",
    "Tesla V100-SXM2-16GB": "v100-16gb-sxm", "NVIDIA H200 NVL": "h200-nvl", "NVIDIA A100-PCIE-40GB": "a100-40gb-pcie",
    "NVIDIA A100-PCIE-80GB": "a100-80gb-pcie", "AMD_Instinct_MI300X_OAM": "mi300x", "AMD Instinct MI355X": "mi355x",
    # cloud.google.com/gke-accelerator and gke-tpu-accelerator
    "nvidia-h100-80gb": "h100-sxm", "nvidia-h100-mega-80gb": "h100-sxm", "nvidia-h200-141gb": "h200-sxm",
    "nvidia-a100-80gb": "a100-80gb-sxm", "nvidia-tesla-a100": "a100-40gb-sxm", "nvidia-b200": "b200-sxm",
    "nvidia-gb200": "gb200-nvl72", "nvidia-l4": "l4", "nvidia-tesla-t4": "t4", "tpu-v4-podslice": "tpu-v4",
    "tpu-v5-lite-podslice": "tpu-v5e", "tpu-v5p-slice": "tpu-v5p", "tpu-v6e-slice": "tpu-v6e", "tpu7x": "tpu-v7",
    "nvidia-tesla-v100": "v100-16gb-sxm", "nvidia-rtx-pro-6000": "rtx-pro-6000-server",
}  # fmt: skip
INSTANCE_TYPES = {
    "p5.48xlarge": "h100-sxm", "p5en.48xlarge": "h200-sxm", "p4d.24xlarge": "a100-40gb-sxm",
    "p4de.24xlarge": "a100-80gb-sxm", "p6-b200.48xlarge": "b200-sxm", "g6e.12xlarge": "l40s", "g6.xlarge": "l4",
    "g5.48xlarge": "a10g", "g4dn.metal": "t4", "trn2.48xlarge": "trainium2", "a3-highgpu-8g": "h100-sxm",
    "a3-ultragpu-8g": "h200-sxm", "a4-highgpu-8g": "b200-sxm", "a2-ultragpu-1g": "a100-80gb-sxm",
    "a2-highgpu-4g": "a100-40gb-sxm", "g2-standard-96": "l4", "Standard_ND96isr_H100_v5": "h100-sxm",
    "ND96isr_MI300X_v5": "mi300x", "Standard_ND96amsr_A100_v4": "a100-80gb-sxm", "Standard_NC40ads_H100_v5": "h100-nvl",
    "p3.2xlarge": "v100-16gb-sxm", "p3dn.24xlarge": "v100-32gb-sxm", "Standard_ND40rs_v2": "v100-32gb-sxm",
    "Standard_ND128isr_NDR_GB200_v6": "gb200-nvl72", "Standard_NC64as_T4_v3": "t4", "g7e.48xlarge": "rtx-pro-6000-server",
    "ct5lp-hightpu-4t": "tpu-v5e", "ct6e-standard-8t": "tpu-v6e", "tpu7x-standard-4t": "tpu-v7",
    "BM.GPU.H100.8": "h100-sxm", "BM.GPU4.8": "a100-40gb-sxm", "BM.GPU.A100-v2.8": "a100-80gb-sxm",
    "BM.GPU.MI300X.8": "mi300x", "a2-megagpu-16g": "a100-40gb-sxm",
}  # fmt: skip


@pytest.mark.parametrize(("written", "name"), SPELLINGS.items())
def test_a_written_name_means_an_entry(written: str, name: str) -> None:
    for spelled in (written, written.upper(), written.replace(" ", "_"), written.replace("-", " ")):
        assert catalog.accelerator(spelled).name == name


@pytest.mark.parametrize(("written", "name"), INSTANCE_TYPES.items())
def test_a_clouds_instance_type_means_its_accelerator(written: str, name: str) -> None:
    assert catalog.accelerator(written).name == catalog.accelerator(written.lower()).name == name


@pytest.mark.parametrize("kind", ["accelerators", "architectures"])
def test_entries_of_the_paper_are_found_by_their_own_names_alone(kind: catalog.Kind) -> None:
    shelf = catalog.shipped().shelf(kind)
    papers = [name for name in shelf.names() if name.startswith(catalog.PAPER)]
    assert len(papers) > 8
    for name in papers:
        assert not getattr(shelf.get(name), "aliases", ())
        assert [owner for owner in shelf.index.values() if owner == name] == [name]


@pytest.mark.parametrize(
    "written",
    [
        "H100_ZL",
        "H1000",
        "h100-sxm-pcie",
        "nvidia",
        "x.48xlarge",
        "a9-highgpu-8g",
        "NVIDIA-H100-80GB-HBM3-MIG-1g.10gb",
        "NVIDIA A10",
        "L40",
        "H20-3e",
        "Standard_NC6s_v3",
    ],
)
def test_other_names_are_unknown(written: str) -> None:
    with pytest.raises(UnknownName):
        catalog.accelerator(written)


def test_the_papers_own_tables_are_read_in_its_words() -> None:
    assert catalog.of_paper("accelerators", "H100") == "paper-h100"
    assert catalog.of_paper("architectures", "Llama_3_8B") == "paper-llama-3-8b"
    assert catalog.of_paper("accelerators", "h100") is None
