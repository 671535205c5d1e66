// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @dev Headers of Ethereum's mainnet as its nodes hash them: of Prague, twice, and of Cancun, which has a field less. They
/// are those of test/fixtures/headers.json.
library RecordedHeaders {
    struct Recorded {
        uint64 number;
        bytes32 hash;
        bytes32 mixHash;
        bytes rlp;
    }

    function all() internal pure returns (Recorded[3] memory) {
        return [_first(), _second(), _third()];
    }

    function _first() private pure returns (Recorded memory) {
        return
            Recorded(
                25_070_199,
                0x190299f2eee1493723cc749ff9148663c5202f9b3479ed0da8d99ba62f882c23,
                0xd0d37c7118b2221b8ec1c4940be1689108309c9837a0359d41be16acdc7e546e,
                hex"f90283a0ddcb9640c370c7914ccf303924421b257f05a676fc8d3c9c33ef8476194d98bda01dcc4de8dec75d7aab85b567b6ccd4"
                hex"1ad312451b948a7413f0a142fd40d49347944838b106fce9647bdf1e7877bf73ce8b0bad5f97a0043ef1fafb089e28e171f777d2"
                hex"2845c2bdbf89e6b767857b02dcf9308de92b5ca0751ee8f2d2893940e2b8287a72fb451ca382e5e515e8de266686e057f8cb41a7"
                hex"a0c0bf6c67ff3ab702758b903204bf3f054ce68ca48dc55f8fd40e5e912b34f782b90100dc7d77b6e8cfcb93b6be74bdc368dba1"
                hex"dfecc4fdef2447324c1d84facd5cdeb2fd5e0196e6fdd5bdff93e3f9ea46adcf76bf89f8bf0e6141b5de26c0bbbf14f7cdbeb0ab"
                hex"fedaebf95b7e7a48a5e877fd5c7ef11fb8cc9baa83445c55b8e5ffc8dee2fb19ab7e61dbcc1b9357fe0aecee5e1f7769d396fed9"
                hex"fef5c455bf2fff4de072397a939a5768bd69a73b3587832ab8b3c7ef653dc1de147b3973fbbb8fbfcf157d67a4d5ee5c7df5cd87"
                hex"dcc017a8ffd58b4d9f4c71d85dee3b2e6a1f69ffdfa75f0ef9e83edbbfe32ab7d274eedbd8cc71ff8f7e689bede5331bb0626bd6"
                hex"f4dde9cac72714b43eefb36df28baee2ffe36e2967fd02e2573ef7995503e7cf8084017e8a77840393870084019aacd0846a017d"
                hex"1398546974616e2028746974616e6275696c6465722e78797a29a0d0d37c7118b2221b8ec1c4940be1689108309c9837a0359d41"
                hex"be16acdc7e546e88000000000000000084115394a1a0978b9471e9087c6f967aaa08f757abd7280dbb7aa3310320cdd4d3fb4ecb"
                hex"9e5e80840b503bd8a0c2b892804ed1f1f3cfeefbbc0fffd0e298bab43a7773409154a0e6ea306b794aa0e3b0c44298fc1c149afb"
                hex"f4c8996fb92427ae41e4649b934ca495991b7852b855"
            );
    }

    function _second() private pure returns (Recorded memory) {
        return
            Recorded(
                24_630_100,
                0x6c4c6ea047f0ca4bcb0b0fbbcc2e50061d8dd24ba1ab8a22a6d3583a497c3c82,
                0xf824cbc0bffaa4862fffafa96c2cce90898dda8b97fc3eaa6a85ac38075991e5,
                hex"f90281a063ce16602b2afe4089fa8e0a2c16be1a2dea1c4d30b65bd717d9398ddd5fba23a01dcc4de8dec75d7aab85b567b6ccd4"
                hex"1ad312451b948a7413f0a142fd40d4934794dadb0d80178819f2319190d340ce9a924f783711a041ebb402f36d0ce15799e98d1a"
                hex"ca83bbb5d4b08d1b6572e73b388e4ece192916a03b889eb9fa0713d2e1d9e90725d45fd04ec4a550a7a390639c243c5f3b2c6215"
                hex"a052fc280ab6b1db61781dae4cc5f81b7ddd484eae78320bdd8161d5b2fe8e7719b90100fffffef97ffdf7dfb75fbbfeffffdfff"
                hex"ffbeefffffbbffff6ffffdffbffffaf9df7fff7f7fff6ffbffffdfdffbffffff76fffffcbf7ffbfffffeefffffff7df7bffffffd"
                hex"efffff8fdfdf7f7ceffdffff7ff77affe7ef5ff5fbfff57ff7eeadfffffffabfff7bdffbbfbffcfffdefffeffefffffffff5fffe"
                hex"fdffdffbffffdfdffbffe7fffffffffdffebf7e37fdfe977f7fbdfefdffddffffffffff5f97ffffdfbffdf7fffffbff9feff77af"
                hex"ffefffeef77ffff7fff6fffeffd77ffffeefefdb7bffffff7f7ffdfbff7ffffffffefdffdffddffffffefffffffefdfbf7fdffef"
                hex"7fffff3bdf7fff6cefffdfffdf7ffffeffbfbffffdafffdfbf7efdbeffff7fff80840177d35484039387008401a4ed698469b09d"
                hex"6b934275696c6465724e6574202842656176657229a0f824cbc0bffaa4862fffafa96c2cce90898dda8b97fc3eaa6a85ac380759"
                hex"91e5880000000000000000840246edf3a076abcbef0846a5bd065d0207581dacc3cf8df4ec2ba0a8e4d4fbbe97864b82ee830400"
                hex"00840a2a720ea0d9b957562f8477151f61eddc77bcad7451ef62eab8f4fe470402073a794e8bbaa0e3b0c44298fc1c149afbf4c8"
                hex"996fb92427ae41e4649b934ca495991b7852b855"
            );
    }

    function _third() private pure returns (Recorded memory) {
        return
            Recorded(
                22_263_623,
                0xd028bdc00aff985bdf872d6b961110d41a6fe4df5e93aeb6dffe2f38ae0a4f7d,
                0x33fd71ca8e38da7aa264c9b9252b7d2864484826eeeae67c2aaf3ab0a756f133,
                hex"f9025aa0019d374731477005b8d3e3236aca44d11ef53fc9eb0ab0c9e11f942636b04b1ba01dcc4de8dec75d7aab85b567b6ccd4"
                hex"1ad312451b948a7413f0a142fd40d493479495222290dd7278aa3ddd389cc1e1d165cc4bafe5a0adea44d9167ee7c415601810db"
                hex"b3f090de70edfdea34632b7e077cefad038af3a05c41008fd93b95aff0a1a453b657539b7e43d67d20c196c87fe59f5f2f1dd214"
                hex"a0230fa17d30bd0ca83606cd4704400735bf05cd09110bc96eeee7dbfbc0f870c9b90100a336825265c0691c36791a28c7814901"
                hex"910c6b230e016020408d80135c1980b01016af2c481b78027612ff562ed6c7821228e23a0ccfea2b689d74090565600054408580"
                hex"0d0928884ad6e10a344820e9f508517102f601cc0c081464d844b6993b4dd2a082e3462944ca5a4ab4227e8ce368046230b89745"
                hex"06a20496000f111406a9b5004e25a580a0e9204843b3100e18454253b384b508362280d101b634a12f62148431086a90625f16a4"
                hex"82818f0841bac44db90101000f39c532160c7460d012000688201ea0013a33920e7b384728250356c52700955c3e2bc20891e2c6"
                hex"2572a843e142470000051461200009428f79b8428b08a4c04b899412204954a580840153b747840224c7ad83d83b578467fc55db"
                hex"8f6265617665726275696c642e6f7267a033fd71ca8e38da7aa264c9b9252b7d2864484826eeeae67c2aaf3ab0a756f133880000"
                hex"0000000000008425e3b018a096c5c22e9b58cb7141b2aecf4250fc84b0486a00a78353cdcfc9d42c214b2127830c000083180000"
                hex"a0a7b4e889e408381f1860000a708b6e5fd42ccd9de7fb1cb442a8e91ecb9e6f6c"
            );
    }
}
