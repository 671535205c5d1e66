// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @dev Trees of commitments in memory, with noise for whatever nobody looks at.
library Trees {
    bytes32 internal constant EMPTY = 0xdbc1b4c900ffe48d575b5da5c638040125f65db0fe3e24494b76ea986457d986;

    function leaf(bytes memory data) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(uint8(0), uint32(data.length), data));
    }

    function node(bytes32 left, bytes32 right) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(uint8(1), left, right));
    }

    function tensor(bytes memory typeAndShape, bytes32 tree) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(uint8(3), typeAndShape, tree));
    }

    function noise(uint256 seed) internal pure returns (bytes32) {
        return keccak256(abi.encode("noise", seed));
    }

    function noises(uint256 seed, uint256 count) internal pure returns (bytes32[] memory values) {
        values = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) values[i] = noise(seed + i);
    }

    /// @dev Noise with `root` at `index`.
    function around(
        bytes32 root,
        uint256 index,
        uint256 seed,
        uint256 count
    ) internal pure returns (bytes32[] memory all) {
        all = noises(seed, count);
        all[index] = root;
    }

    /// @dev Root over `count` of the nodes from `start` on; a power of two.
    function fold(bytes32[] memory nodes, uint256 start, uint256 count) internal pure returns (bytes32) {
        if (count == 1) return nodes[start];
        return node(fold(nodes, start, count / 2), fold(nodes, start + count / 2, count / 2));
    }

    function fold(bytes32[] memory nodes) internal pure returns (bytes32) {
        return fold(nodes, 0, nodes.length);
    }

    /// @dev From node `index` up to the root over all.
    function siblings(bytes32[] memory nodes, uint256 index) internal pure returns (bytes32[] memory path) {
        uint256 depth = 0;
        while (uint256(1) << depth < nodes.length) ++depth;
        path = new bytes32[](depth);
        for (uint256 height = 0; height < depth; ++height) {
            uint256 width = uint256(1) << height;
            path[height] = fold(nodes, ((index >> height) ^ 1) * width, width);
        }
    }

    function climb(bytes32 root, uint256 index, bytes32[] memory path) internal pure returns (bytes32) {
        for (uint256 height = 0; height < path.length; ++height) {
            root = (index >> height) & 1 == 1 ? node(path[height], root) : node(root, path[height]);
        }
        return root;
    }

    function join(bytes32[] memory below, bytes32[] memory above) internal pure returns (bytes32[] memory path) {
        path = new bytes32[](below.length + above.length);
        for (uint256 i = 0; i < path.length; ++i) path[i] = i < below.length ? below[i] : above[i - below.length];
    }
}
